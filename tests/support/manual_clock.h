// ManualClock: time that moves when a test says so.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace berth {

/// Threading: any thread.
class ManualClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(std::chrono::microseconds(wall_us_.load())); }
  MonotonicTime monotonic() const override { return MonotonicTime(std::chrono::microseconds(monotonic_us_.load())); }
  /// Moves both clocks, as time does.
  void advance(std::chrono::microseconds by) {
    wall_us_ += by.count();
    monotonic_us_ += by.count();
  }
  /// Moves the wall clock alone, as an administrator or NTP does.
  void step_wall(std::chrono::microseconds by) { wall_us_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_us_{1'700'000'000'000'000};
  std::atomic<std::int64_t> monotonic_us_{1'000'000'000};
};

}  // namespace berth
