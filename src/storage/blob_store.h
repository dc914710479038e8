// BlobStore: content by digest, where Distribution puts it. It knows nothing of repositories, links or promises.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "async/byte_source.h"
#include "async/task.h"
#include "base/clock.h"
#include "content/digest.h"

namespace berth {

struct BlobInfo {
  std::uint64_t size_bytes = 0;
};

struct StorageSpace {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;  ///< to us, not to root
};

/// Threading: any loop. Failures: throws Failure(storage), Failure(storage_full).
/// Crash: a blob is whole or absent; what put() and BlobUpload::publish() returned from is on stable storage.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  /// Whether the bytes lie there and how many; never reads them.
  virtual Task<std::optional<BlobInfo>> find(Digest digest) = 0;

  /// The bytes, kept readable while the answer holds them even if the blob is deleted meanwhile.
  virtual Task<std::optional<ByteSource>> open(Digest digest) = 0;

  /// Puts small content whose digest the caller has checked (a manifest) in place, durably, over whatever is there.
  virtual Task<> put(Digest digest, SharedBytes bytes) = 0;

  /// Removes the bytes and syncs the directory; false if there were none. The caller holds the per-digest lock and has
  /// made sure that nothing refers to them (data.md 6).
  virtual Task<bool> delete_without_reference_check(Digest digest) = 0;

  virtual Task<StorageSpace> space() = 0;

  /// Whether the store answers: the volume is there and writable. For /readyz and health.storagedriver. Throws if not.
  virtual Task<> check_health() = 0;
};

}  // namespace berth
