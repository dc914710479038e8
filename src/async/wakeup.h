// Wakeup: one coroutine of a loop waits until another piece of work on the same loop wakes it.
#pragma once

#include <functional>

#include "async/task.h"

namespace berth {

/// Threading: one loop; one coroutine waits at a time.
/// Lifetime:  outlives the wait. What was woken runs in a later turn of the loop, never inside wake().
class Wakeup {
 public:
  /// Returns at once if wake() was called since the last wait.
  Task<> wait();
  /// Several calls before the waiting coroutine has run are one.
  void wake();
  bool has_waiter() const { return static_cast<bool>(waiter_); }

 private:
  std::move_only_function<void()> waiter_;
  bool is_woken_ = false;
};

}  // namespace berth
