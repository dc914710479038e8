#include "registry/space_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace berth {

namespace {

std::uint64_t default_reserve(std::uint64_t file_system_bytes) {
  return std::min(file_system_bytes / 100, std::uint64_t{1} << 30U);
}

}  // namespace

SpaceGuard::SpaceGuard(BlobStore& blobs, const Clock& clock, SpaceGuardOptions options)
    : blobs_(blobs), clock_(clock), options_(std::move(options)) {}

Task<Result<void>> SpaceGuard::check(std::uint64_t wanted_bytes) {
  const MonotonicTime now = clock_.monotonic();
  std::optional<StorageSpace> space;
  {
    const std::lock_guard lock(mutex_);
    if (last_look_ && now - last_look_->at < options_.look_interval) space = last_look_->space;
  }
  if (!space) {
    space = co_await blobs_.space();
    const std::lock_guard lock(mutex_);
    last_look_ = Look{.space = *space, .at = now};
  }
  if (space->total_bytes == 0) co_return Result<void>();  // a store without a size
  const std::uint64_t reserve =
      options_.reserved_bytes ? options_.reserved_bytes(space->total_bytes) : default_reserve(space->total_bytes);
  const std::uint64_t usable = space->available_bytes > reserve ? space->available_bytes - reserve : 0;
  if (usable > 0 && wanted_bytes <= usable) co_return Result<void>();
  co_return refuse(ErrorCode::storage_full,
                   fmt::format("the registry's disk is almost full: {} bytes are free, {} of them are kept in reserve",
                               space->available_bytes, reserve));
}

}  // namespace berth
