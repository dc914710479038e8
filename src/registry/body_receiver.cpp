#include "registry/body_receiver.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "async/when_both.h"
#include "base/failure.h"

namespace berth {

/// One of the two buffers: while the body's next bytes come into one, the other is hashed and written.
struct BodyReceiver::Lane {
  BufferPool::Buffer memory = {};
  std::size_t capacity = 0;
  std::size_t filled = 0;
  bool is_end = false;
  std::exception_ptr interruption = {};

  bool is_last() const { return is_end || interruption; }
  std::span<const std::byte> bytes() const { return {memory.get(), filled}; }
  void allocate(BufferPool& pool, std::size_t bytes) {
    if (memory) return;
    memory = pool.take(bytes);
    capacity = bytes;
  }
};

struct BodyReceiver::Run {
  BodyRequest request;
  BodyOutcome outcome = {};
  std::uint64_t unrecorded_bytes = 0;

  bool is_over() const { return outcome.refusal || outcome.append_failure || outcome.sync_failure; }
};

BodyReceiver::BodyReceiver(BufferBudget& buffers, SpaceGuard& space, const RegistryLimits& limits)
    : buffers_(buffers),
      space_(space),
      limits_(limits),
      memory_(limits.largest_buffer_bytes + 1, limits.kept_buffers) {}

Task<BodyOutcome> BodyReceiver::receive(BodyRequest request) {
  Run run{.request = std::move(request)};
  if (run.request.expected_bytes == 0) co_return run.outcome;
  const std::uint64_t largest = limits_.largest_buffer_bytes;
  const bool is_small = run.request.expected_bytes && *run.request.expected_bytes <= largest;
  // One byte more than announced, so that a small body and its end come in with the first buffer.
  const std::uint64_t most = is_small ? *run.request.expected_bytes + 1 : 2 * largest;
  const std::uint64_t least = std::min<std::uint64_t>(most, 2 * limits_.smallest_buffer_bytes);
  const std::optional<BufferBudget::Share> share = buffers_.take_part(least, most);
  if (!share) throw Failure(FailureKind::overloaded, "no memory is left for the buffers of another upload");

  const bool is_one_enough = is_small && share->bytes() == most;
  const std::size_t capacity = static_cast<std::size_t>(is_one_enough ? most : share->bytes() / 2);
  Lane first;
  Lane second;
  Lane* current = &first;
  Lane* next = &second;
  current->allocate(memory_, capacity);
  co_await fill(run.request.body, *current);
  while (current->filled > 0) {
    if (run.request.expected_bytes && run.outcome.received_bytes + current->filled > *run.request.expected_bytes) {
      run.outcome.refusal = Error{ErrorCode::size_invalid, "more bytes came than were announced"};
      break;
    }
    Result<void> space = co_await space_.check(current->filled);
    if (!space) {
      run.outcome.refusal = std::move(space.error());
      break;
    }
    if (current->is_last()) {
      co_await write_last(run, *current);
      break;
    }
    next->allocate(memory_, capacity);
    co_await when_both(write(run, *current), fill(run.request.body, *next));
    std::swap(current, next);
    if (run.is_over()) break;
  }
  if (!run.is_over()) run.outcome.interruption = current->interruption;
  co_return std::move(run.outcome);
}

// Never throws: what came before the trouble is in the lane and must not be lost.
Task<> BodyReceiver::fill(ByteReader& body, Lane& lane) {
  lane.filled = 0;
  try {
    while (lane.filled < lane.capacity) {
      const std::size_t count =
          co_await body.read(std::span(lane.memory.get() + lane.filled, lane.capacity - lane.filled));
      if (count == 0) {
        lane.is_end = true;
        break;
      }
      lane.filled += count;
    }
  } catch (...) {
    lane.interruption = std::current_exception();
  }
}

// Never throws either: a throw would cancel the read beside it, and the caller must know which of the steps failed.
Task<> BodyReceiver::write(Run& run, const Lane& lane) {
  try {
    co_await run.request.upload.append(lane.bytes());
  } catch (...) {
    run.outcome.append_failure = std::current_exception();
    co_return;
  }
  run.outcome.received_bytes += lane.filled;
  run.unrecorded_bytes += lane.filled;
  if (!run.request.record_progress || run.unrecorded_bytes < limits_.upload_checkpoint_bytes) co_return;
  run.unrecorded_bytes = 0;
  std::optional<UploadProgress> progress;
  try {
    progress = co_await run.request.upload.sync();
  } catch (...) {
    run.outcome.sync_failure = std::current_exception();
    co_return;
  }
  try {
    const bool is_ours = co_await run.request.record_progress(std::move(*progress));
    if (!is_ours) run.outcome.refusal = Error{ErrorCode::upload_unknown, "blob upload unknown to registry"};
  } catch (...) {
    run.outcome.append_failure = std::current_exception();  // the metadata failed, the bytes are fine
  }
}

Task<> BodyReceiver::write_last(Run& run, const Lane& lane) {
  const std::uint64_t total = run.outcome.received_bytes + lane.filled;
  const bool is_whole = lane.is_end && (!run.request.expected_bytes || total == *run.request.expected_bytes);
  if (!run.request.seal_as || !is_whole) {
    co_await write(run, lane);
    co_return;
  }
  SealOutcome sealed;
  try {
    sealed = co_await run.request.upload.append_and_seal(lane.bytes(), *run.request.seal_as);
  } catch (...) {
    run.outcome.sync_failure = std::current_exception();
    co_return;
  }
  run.outcome.append_failure = sealed.append_failure;
  if (sealed.append_failure) co_return;
  run.outcome.received_bytes = total;
  run.outcome.digest = std::move(sealed.digest);
}

}  // namespace berth
