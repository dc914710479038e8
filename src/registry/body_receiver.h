// BodyReceiver: streams a body into an upload, reading the next buffer while the last one is hashed and written.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>

#include "async/byte_reader.h"
#include "async/task.h"
#include "base/result.h"
#include "registry/buffer_budget.h"
#include "registry/buffer_pool.h"
#include "registry/policy.h"
#include "registry/space_guard.h"
#include "storage/blob_uploads.h"

namespace berth {

struct BodyRequest {
  BlobUpload& upload;
  ByteReader& body;
  std::optional<std::uint64_t> expected_bytes;  ///< as announced; more is refused, less is the caller's to notice
  /// Called when upload_checkpoint_bytes have come since the last time, with what was appended synced. False: stop. May
  /// be empty: then nothing is synced on the way.
  std::function<Task<bool>(UploadProgress)> record_progress = {};
  /// The body is the upload's last: seal with its last bytes if it came whole.
  std::optional<HashAlgorithm> seal_as = {};
};

/// How receiving ended. Of several troubles there is only one.
struct BodyOutcome {
  std::uint64_t received_bytes = 0;   ///< appended
  std::optional<Digest> digest = {};  ///< sealed; nothing if that is still to be done
  std::optional<Error> refusal =
      {};  ///< storage_full (the reserve), size_invalid (more than announced), upload_unknown (record_progress said no)
  std::exception_ptr interruption = {};    ///< the sender went away or broke HTTP's framing; what arrived is appended
  std::exception_ptr append_failure = {};  ///< the upload holds what was appended before
  std::exception_ptr sync_failure = {};    ///< a sync or the seal: the upload can only be discarded
};

/// Threading: any loop.
class BodyReceiver {
 public:
  BodyReceiver(BufferBudget& buffers, SpaceGuard& space, const RegistryLimits& limits);

  /// Throws Failure(overloaded) if no memory is left for a buffer. All other troubles are outcomes: the caller has
  /// something to do then, which a catch block cannot wait for.
  Task<BodyOutcome> receive(BodyRequest request);

 private:
  struct Lane;
  struct Run;
  static Task<> fill(ByteReader& body, Lane& lane);
  Task<> write(Run& run, const Lane& lane);
  Task<> write_last(Run& run, const Lane& lane);

  BufferBudget& buffers_;
  SpaceGuard& space_;
  const RegistryLimits& limits_;
  BufferPool memory_;
};

}  // namespace berth
