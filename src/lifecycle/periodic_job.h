// PeriodicJob: work that comes round, on a loop of the program's own (never a request's).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "async/task.h"
#include "base/clock.h"
#include "lifecycle/job_book.h"
#include "observe/log.h"

namespace berth {

struct PeriodicJobOptions {
  std::string name;  ///< for the log
  std::chrono::milliseconds first_after{0};
  std::chrono::milliseconds interval{60'000};
  /// After a failed round: doubled each time from here up to the interval (or to this, if that is longer).
  std::chrono::milliseconds retry_after{1'000};
  /// How long until the next round, asked before each; in the place of first_after and interval.
  std::function<std::chrono::milliseconds()> wait = {};
  /// Told when the next round begins. Outlives the loop.
  Job* job = nullptr;
  const Clock* clock = nullptr;  ///< for that
};

/// A round that throws is logged and tried again; it never ends the job.
///
/// Threading: constructed and stopped on the loop's thread (or before it runs).
/// Lifetime:  stop() asks; the loop runs on until the round under way has ended. The objects that `round` refers to
///            outlive the loop.
class PeriodicJob {
 public:
  PeriodicJob(const boost::asio::any_io_executor& loop, PeriodicJobOptions options, std::function<Task<>()> round,
              Log& log);
  ~PeriodicJob();
  PeriodicJob(const PeriodicJob&) = delete;
  PeriodicJob& operator=(const PeriodicJob&) = delete;

  /// No new round begins. A round that is long looks at is_stopping().
  void stop();
  /// Begins the next round now instead of at its time.
  void wake();

 private:
  struct State;
  static Task<> run(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace berth
