#include "lifecycle/clock_guard.h"

namespace berth {
namespace {

constexpr std::chrono::minutes kLargestStep{1};

}  // namespace

ClockGuard::ClockGuard(const Clock& clock, std::chrono::seconds promise)
    : clock_(clock), promise_(promise), offset_(offset()) {}

bool ClockGuard::is_steady() {
  const std::chrono::microseconds now = offset();
  if (std::chrono::abs(now - offset_) > kLargestStep) {
    offset_ = now;
    paused_until_ = clock_.monotonic() + promise_;
  }
  return clock_.monotonic() >= paused_until_;
}

std::chrono::microseconds ClockGuard::offset() const {
  return clock_.now().time_since_epoch() -
         std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic().time_since_epoch());
}

}  // namespace berth
