// Parker: where one thread sleeps until another one wakes it.
#pragma once

#include <atomic>

namespace berth {

/// A condition variable with one waiter, for threads that are woken a hundred thousand times a second: one system call
/// to sleep and one to wake, and none if the other was quicker. What the waker wrote before is seen by the woken.
///
/// Threading: park() on one thread, unpark() on any.
class Parker {
 public:
  /// Returns after an unpark(), at once if it came before. Several that came before count as one.
  void park();
  void unpark();

 private:
  enum : int { kNobody, kAsleep, kWanted };
  std::atomic<int> state_{kNobody};
};

}  // namespace berth
