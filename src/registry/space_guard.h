// SpaceGuard: refuses pushes before the disk is full, so that what must be written to stay alive still can be.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "storage/blob_store.h"

namespace berth {

struct SpaceGuardOptions {
  /// Bytes to keep free on a file system of that size. Unset: 1 % of it, at most 1 GiB.
  std::function<std::uint64_t(std::uint64_t file_system_bytes)> reserved_bytes = {};
  std::chrono::milliseconds look_interval{1'000};  ///< how old the figure may be
};

/// Threading: any loop.
class SpaceGuard {
 public:
  SpaceGuard(BlobStore& blobs, const Clock& clock, SpaceGuardOptions options = {});

  /// storage_full if `wanted_bytes` more would leave less than the reserve.
  Task<Result<void>> check(std::uint64_t wanted_bytes);

 private:
  struct Look {
    StorageSpace space;
    MonotonicTime at;
  };

  BlobStore& blobs_;
  const Clock& clock_;
  const SpaceGuardOptions options_;
  std::mutex mutex_;
  std::optional<Look> last_look_;  // guarded by mutex_
};

}  // namespace berth
