#include "storage/filesystem/hash_beside.h"

#include <atomic>
#include <functional>

namespace berth {

struct HashBeside::Work {
  enum class State { waiting, running, done };

  /// Does the work unless somebody else has begun it.
  void try_to_do() {
    State expected = State::waiting;
    if (!state.compare_exchange_strong(expected, State::running, std::memory_order_acq_rel)) return;
    hasher->update(bytes);
    state.store(State::done, std::memory_order_release);
    state.notify_all();
  }

  Hasher* hasher;
  std::span<const std::byte> bytes;
  std::atomic<State> state{State::waiting};
};

HashBeside::HashBeside(BlockingPool& pool, Hasher& hasher, std::span<const std::byte> bytes)
    : work_(std::make_shared<Work>(&hasher, bytes)) {
  std::move_only_function<void()> job([work = work_] { work->try_to_do(); });
  pool.try_submit(job);  // a full queue: it is done in wait()
}

void HashBeside::wait() {
  work_->try_to_do();
  work_->state.wait(Work::State::running, std::memory_order_acquire);
}

}  // namespace berth
