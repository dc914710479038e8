// UploadBlob: a blob's bytes come in, in one request or in many, and become a blob (data.md 2).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "async/byte_reader.h"
#include "async/run_blocking.h"
#include "base/entropy.h"
#include "base/result.h"
#include "observe/log.h"
#include "registry/body_receiver.h"
#include "registry/policy.h"
#include "registry/quota_check.h"
#include "registry/stores.h"
#include "registry/upload_desk.h"

namespace berth {

/// Bytes of a request for an upload.
struct UploadBody {
  ByteReader& reader;
  std::optional<std::uint64_t> length_bytes;  ///< as announced
  std::optional<std::uint64_t> offset;        ///< where the client says they belong; nothing: at the end
};

/// Threading: any loop.
class UploadBlob {
 public:
  /// `disk` reads a blob back after a crash between rename and commit.
  UploadBlob(Stores stores, Locks locks, UploadDesk& desk, BodyReceiver& receiver, SpaceGuard& space,
             QuotaCheck& quotas, BlockingPool& disk, const Clock& clock, Entropy& entropy, Log& log,
             const RegistryPolicy& policy);

  /// Appends. What arrived of a body that broke off is synced and recorded, so that the client can go on, and the
  /// interruption thrown on.
  /// upload_unknown, upload_busy, upload_range_invalid (not at the upload's offset), size_invalid, storage_full,
  /// quota_exceeded.
  Task<Result<UploadStatus>> append(RepositoryName repository, UploadId id, UploadBody body);

  /// Appends what there is, checks the digest, and makes it a blob of the repository: durable when this returns.
  /// Refusals leave the upload as it was before this request: digest_invalid (another content), and those of append();
  /// but quota_exceeded ends it, since its bytes would lie there for nothing.
  /// A second try after a crash between rename and commit finds the bytes and commits them.
  Task<Result<Digest>> finish(RepositoryName repository, UploadId id, Digest expected, UploadBody body);

  /// A whole blob in one request; a refusal or an interruption leaves nothing. digest_invalid, size_invalid,
  /// storage_full, quota_exceeded.
  Task<Result<Digest>> push(RepositoryName repository, Digest expected, UploadBody body);

 private:
  struct Writer;

  Task<Result<Writer>> open_writer(ClaimedUpload claimed, UploadBody body);
  Task<Result<std::optional<Digest>>> receive(Writer& writer, UploadBody body, std::optional<HashAlgorithm> seal_as);
  Task<Result<void>> receive_last(Writer& writer, UploadBody body, Digest expected);
  Task<bool> record_progress(const Writer& writer, UploadProgress progress);
  Task<> keep_interrupted(Writer& writer);
  Task<> roll_back(Writer& writer);
  Task<> abandon(Writer& writer);
  Task<UploadProgress> sync(Writer& writer);
  Task<Digest> seal(Writer& writer, HashAlgorithm algorithm);
  Task<bool> record_expectation(Writer& writer, Digest expected);
  Task<Result<void>> receive_with_room(Writer& writer, UploadBody body, Digest expected);
  Task<Result<void>> hold_to_quota(Writer& writer, std::optional<Digest> digest, std::uint64_t size_bytes);
  Task<Result<void>> publish(Writer& writer, Digest digest);
  Task<Result<void>> recover_bytes(Writer& writer, Digest expected);

  Stores stores_;
  Locks locks_;
  UploadDesk& desk_;
  BodyReceiver& receiver_;
  SpaceGuard& space_;
  QuotaCheck& quotas_;
  BlockingPool& disk_;
  const Clock& clock_;
  Entropy& entropy_;
  Log& log_;
  const RegistryPolicy& policy_;
};

}  // namespace berth
