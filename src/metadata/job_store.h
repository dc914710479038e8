// JobStore: how the jobs in the background are doing, so that it is known also after a crash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"

namespace berth {

/// Values are stored: never renumber.
enum class JobState : std::uint8_t {
  idle = 1,
  running = 2,
  failed = 3,       ///< the last run; it is tried again
  stopped = 4,      ///< somebody stopped the last run
  interrupted = 5,  ///< the process ended in the midst of the last run
};

struct JobRecord {
  std::string name;
  JobState state = JobState::idle;
  std::optional<WallTime> started = {};       ///< the last run
  std::optional<WallTime> ended = {};         ///< the last run that ended
  std::optional<WallTime> last_success = {};  ///< the end of the last that did what it was for
  std::optional<WallTime> next = {};          ///< when the next begins by itself; nothing: when it is asked for
  std::uint64_t done = 0;                     ///< of the run under way or the last
  std::uint64_t total = 0;                    ///< 0: not known
  std::string unit = {};                      ///< what is counted: "bytes", "repositories"
  std::string result = {};                    ///< of the last run that did what it was for, in words
  std::string error = {};                     ///< of the last run that failed since

  bool operator==(const JobRecord&) const = default;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage.
class JobStore {
 public:
  virtual ~JobStore() = default;
  /// One transaction; each takes the place of the one with its name.
  virtual Task<> put_jobs(std::vector<JobRecord> jobs) = 0;
  /// In order of their names.
  virtual Task<std::vector<JobRecord>> list_jobs() = 0;
};

}  // namespace berth
