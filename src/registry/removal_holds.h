// RemovalHolds: reasons for which nothing is removed from the storage for a while (data.md 6): a backup that is under
// way, a restored registry whose rows and files are not compared yet.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace berth {

/// Threading: any thread.
class RemovalHolds {
 public:
  /// Holds removal while it lives. Lifetime: not longer than the holds'.
  class Hold {
   public:
    Hold(RemovalHolds& holds, std::string why) : holds_(holds), number_(holds.add(std::move(why))) {}
    ~Hold() { holds_.drop(number_); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    RemovalHolds& holds_;
    const std::size_t number_;
  };

  bool may_remove() const { return count_.load(std::memory_order_acquire) == 0; }
  /// Of the oldest hold, in words; empty: there is none.
  std::string reason() const {
    const std::lock_guard lock(mutex_);
    return reasons_.empty() ? std::string() : reasons_.begin()->second;
  }

 private:
  std::size_t add(std::string why) {
    const std::lock_guard lock(mutex_);
    reasons_.emplace(++last_, std::move(why));
    count_.store(reasons_.size(), std::memory_order_release);
    return last_;
  }
  void drop(std::size_t number) {
    const std::lock_guard lock(mutex_);
    reasons_.erase(number);
    count_.store(reasons_.size(), std::memory_order_release);
  }

  std::atomic<std::size_t> count_{0};
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::size_t last_ = 0;
  std::map<std::size_t, std::string> reasons_;
};

}  // namespace berth
