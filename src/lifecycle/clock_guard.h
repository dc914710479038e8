// ClockGuard: whether the wall clock can be trusted with the end of promises. A clock that was set forward would end
// all of them at once (data.md 5).
#pragma once

#include <chrono>

#include "base/clock.h"

namespace berth {

/// Removal pauses for one promise after the wall clock moved against the monotonic one by more than a minute.
///
/// Threading: one caller at a time.
class ClockGuard {
 public:
  ClockGuard(const Clock& clock, std::chrono::seconds promise);

  /// False while removal has to pause.
  bool is_steady();

 private:
  std::chrono::microseconds offset() const;

  const Clock& clock_;
  const std::chrono::seconds promise_;
  std::chrono::microseconds offset_;
  MonotonicTime paused_until_ = MonotonicTime::min();
};

}  // namespace berth
