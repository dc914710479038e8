// PullTimes: when manifests were pulled, as exactly as retention needs it. A pull sets one flag; now and then all that
// are set are written, with the time of the writing.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "metadata/retention_store.h"
#include "observe/metrics.h"

namespace berth {

/// Whether one manifest was pulled since it was last written. Kept beside an answer that can be given again.
///
/// Threading: any thread; a manifest that is pulled all the time is only read.
class PullMark {
 public:
  void touch() {
    if (!was_pulled_.load(std::memory_order_relaxed)) was_pulled_.store(true, std::memory_order_relaxed);
  }

 private:
  friend class PullTimes;
  std::atomic<bool> was_pulled_{false};
};

struct PullTimesOptions {
  bool counts_head = false;          ///< a HEAD is a pull, too
  std::size_t mark_limit = 200'000;  ///< manifests between two writes; with half of them it is time to write
  std::size_t batch_size = 500;      ///< of one commit
};

/// Threading: any thread, but for flush(), which one loop calls.
/// Crash:     pulls since the last flush() are forgotten.
class PullTimes {
 public:
  PullTimes(RetentionStore& store, const Clock& clock, Metrics& metrics, PullTimesOptions options = {});

  /// The mark of a manifest that is about to be answered; null if there are too many.
  std::shared_ptr<PullMark> mark(const RepositoryName& repository, const Digest& digest);
  bool counts_head() const { return options_.counts_head; }

  /// Writes what was pulled since the last time. What could not be written is written the next time.
  Task<> flush();
  /// Called when it is time to flush() early, on any thread, quick.
  void set_waker(std::function<void()> wake);

 private:
  using Key = std::pair<RepositoryName, Digest>;
  using Marks = std::map<Key, std::shared_ptr<PullMark>>;
  /// What was pulled of the next part of the marks, and those that nobody has any more; moves `after` on.
  std::vector<Marks::value_type> take_part(std::optional<Key>& after);

  // Fixed after construction.
  RetentionStore& store_;
  const Clock& clock_;
  const PullTimesOptions options_;
  Counter& dropped_;
  std::mutex mutex_;
  // Guarded by mutex_.
  Marks marks_;
  std::function<void()> wake_;
  bool is_woken_ = false;
};

}  // namespace berth
