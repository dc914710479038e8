// BlobUploads: the bytes of unfinished uploads. Which uploads exist is the metadata store's word; this holds their
// bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "content/digest.h"
#include "content/hasher.h"

namespace berth {

/// `[a-zA-Z0-9-_.=]{1,128}` that is not "." or "..": safe as a file name. We make UUIDs, and accept what Distribution
/// made.
class UploadId {
 public:
  static Result<UploadId> parse(std::string_view text);  ///< else upload_unknown
  const std::string& text() const { return text_; }
  auto operator<=>(const UploadId&) const = default;

 private:
  explicit UploadId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// What is known to be on stable storage: the metadata row of an upload holds exactly this.
struct UploadProgress {
  std::uint64_t durable_offset = 0;
  HashAlgorithm algorithm = HashAlgorithm::sha256;
  std::string hash_state = {};  ///< Hasher::export_state at durable_offset; empty at 0 or if it must be hashed again
};

/// The running hash to go on with; nothing if the state is not one of this version or belongs to another offset or
/// algorithm: the file is hashed again then.
std::optional<Hasher> resume_hasher(const UploadProgress& progress);

/// How BlobUpload::append_and_seal() ended: one of the two is there.
struct SealOutcome {
  std::optional<Digest> digest = {};
  std::exception_ptr append_failure = {};  ///< the bytes could not be appended: the upload stays what it was before
};

/// One resumable upload. Bytes are appended in order and hashed as they arrive.
///
/// Threading: one caller at a time, from any loop; one call at a time.
/// Lifetime:  destroying an unpublished upload keeps its bytes so that a client can resume; discard() removes them.
/// Crash:     bytes covered by sync() survive; publish() is atomic.
/// Failures:  throws Failure(storage / storage_full). After a failed sync or publish the object refuses everything but
///            discard(): a file whose fsync failed is never synced again (data.md 2.5).
class BlobUpload {
 public:
  virtual ~BlobUpload() = default;

  /// Writes `bytes` at the end and hashes them. The span must live until the task ends. On a failed write the bytes are
  /// cut off again: size_bytes() stays what it was.
  virtual Task<> append(std::span<const std::byte> bytes) = 0;

  /// Tells the expected total size, so that space can be allocated in one piece. A hint.
  virtual Task<> expect_size(std::uint64_t total_bytes) = 0;

  virtual std::uint64_t size_bytes() const = 0;

  /// Makes what was appended durable and returns the row to commit.
  virtual Task<UploadProgress> sync() = 0;

  /// fsync, then the digest of the whole file in `algorithm`: from the running hash if that is its algorithm and the
  /// file has as many bytes as were hashed, else by reading the file again.
  virtual Task<Digest> seal(HashAlgorithm algorithm) = 0;

  /// append() of the last bytes, then seal(), in one step where a store can: what a small blob costs is mostly steps.
  /// Throws only what seal() throws.
  virtual Task<SealOutcome> append_and_seal(std::span<const std::byte> last, HashAlgorithm algorithm);

  /// Renames the sealed file to the blob's path over whatever is there and syncs every directory that got an entry.
  /// Only after seal() gave exactly `digest`; the caller holds the per-digest lock. The upload has ended then.
  virtual Task<> publish(Digest digest) = 0;

  /// Removes the bytes. The upload has ended then.
  virtual Task<> discard() = 0;
};

struct UploadFile {
  UploadId id;
  WallTime modified;
};

/// Threading: any loop.
class BlobUploads {
 public:
  virtual ~BlobUploads() = default;

  /// Opens the bytes of an upload at its recorded progress: what lies beyond is cut off first. Nothing if the file is
  /// gone or shorter than `progress.durable_offset`. If that is 0 the file need not be there: it is made at the latest
  /// when something is appended, synced or sealed, and what of all that fails may fail then.
  virtual Task<std::unique_ptr<BlobUpload>> open(UploadId id, UploadProgress progress) = 0;

  /// Removes an upload's bytes without opening them; false if there were none.
  virtual Task<bool> remove(UploadId id) = 0;

  /// Upload files lying there (for the reaper), at most `limit`, in order of id after `after`.
  virtual Task<std::vector<UploadFile>> list(std::optional<UploadId> after, std::size_t limit) = 0;

  /// Removes temporary files of our own naming that are older than `older_than` and belong to nobody; returns how many.
  virtual Task<std::size_t> remove_stale_temporaries(WallTime older_than) = 0;
};

}  // namespace berth
