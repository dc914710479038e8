// Courtesy: background work that takes only a share of the time while requests are served. It works in short pieces and
// rests after each, so that what a request waits for is a piece at most.
#pragma once

#include <chrono>
#include <functional>

#include "async/task.h"
#include "base/clock.h"

namespace berth {

struct CourtesyOptions {
  /// Processor time that requests have taken so far. Unset: nobody is waited for.
  std::function<std::chrono::nanoseconds()> request_time = {};
  int percent = 100;  ///< of the time that the work may take while there are requests; 100: all of it
};

/// Threading: one loop.
class Courtesy {
 public:
  Courtesy(const Clock& clock, CourtesyOptions options);

  /// Before a piece.
  void begin();
  /// After it: rests as long as is due. `should_stop` is asked often, and ends the rest.
  Task<> rest(const std::function<bool()>& should_stop);

  /// Whether there were requests when it was looked last: pieces are to be short then.
  bool is_busy() const { return is_busy_; }

 private:
  bool look();

  const Clock& clock_;
  const CourtesyOptions options_;
  MonotonicTime began_;
  MonotonicTime looked_at_;
  std::chrono::nanoseconds request_time_{0};
  bool is_busy_ = false;
};

}  // namespace berth
