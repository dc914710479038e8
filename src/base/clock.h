// Clock: time comes in through constructors, so that tests move it by hand (tests/support/manual_clock.h).
#pragma once

#include <chrono>

namespace berth {

/// Wall time as it is stored and shown; microseconds since 1970 UTC.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using MonotonicTime = std::chrono::steady_clock::time_point;

/// Threading: any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
  virtual MonotonicTime monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  MonotonicTime monotonic() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace berth
