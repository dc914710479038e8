// JobBook: the jobs in the background as people see them: which run, how far they are, what came of them. In memory,
// and as rows of the metadata (metadata/job_store.h), so that it is known also after a crash what was under way.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "metadata/job_store.h"
#include "observe/metrics.h"

namespace berth {

class JobRun;

/// One job. Its runs come one after the other.
///
/// Threading: any thread. Lifetime: the book's.
class Job {
 public:
  /// Does the work of one run and records it. What `work` returns is the result in words; what it throws fails the run
  /// and goes on to the caller. `work` looks at JobRun::should_stop() at each of its steps.
  Task<> run(std::function<Task<std::string>(JobRun& run)> work);

  /// When the next run begins by itself; nothing: when it is asked for.
  void set_next(std::optional<WallTime> next);
  /// What begins a run at once when somebody asks for it. Unset: it cannot be asked for.
  void set_starter(std::function<Result<void>()> start);

  const std::string& name() const { return name_; }

 private:
  friend class JobBook;
  friend class JobRun;
  Job(std::string name, std::string unit, const Clock& clock, Metrics& metrics);

  void begin();
  void end(JobState state, const std::string& text);
  void change(const std::function<void(JobRecord&)>& how);

  // Fixed after construction.
  const std::string name_;
  const Clock& clock_;
  Counter& succeeded_;
  Counter& failed_;
  Counter& stopped_;
  Gauge& running_;
  Gauge& done_;
  Gauge& total_;
  Gauge& last_success_;
  Histogram& duration_;
  // Any thread.
  std::atomic<bool> is_stop_asked_{false};
  // Guarded by mutex_.
  std::mutex mutex_;
  JobRecord record_;
  MonotonicTime began_ = {};
  bool is_dirty_ = false;
  std::function<Result<void>()> start_;
};

/// A run under way, for whoever does its work.
class JobRun {
 public:
  explicit JobRun(Job& job) : job_(job) {}
  JobRun(const JobRun&) = delete;
  JobRun& operator=(const JobRun&) = delete;

  /// Somebody has stopped it: it ends where it is.
  bool should_stop() const { return job_.is_stop_asked_.load(std::memory_order_relaxed); }
  /// In the job's unit; a `total` of 0 is not known.
  void set_progress(std::uint64_t done, std::uint64_t total);
  /// It ended before it had done what it is for, because it was stopped or had to give way.
  void cut_short() { was_cut_short_ = true; }

 private:
  friend class Job;
  Job& job_;
  bool was_cut_short_ = false;
};

/// Threading: any thread, but for load() and flush(), which one loop calls, one at a time.
/// Crash:     a run that was on record as running is shown as interrupted after the next load(); one that began and
///            ended between two calls of flush() is not known.
class JobBook {
 public:
  JobBook(JobStore& store, const Clock& clock, Metrics& metrics);
  ~JobBook();
  JobBook(const JobBook&) = delete;
  JobBook& operator=(const JobBook&) = delete;

  /// `unit` is what its progress counts. Before load().
  Job& add(std::string name, std::string unit);
  /// Takes over what the rows say of the jobs that there are.
  Task<> load();
  /// Writes the rows of what has changed since, in one commit; nothing if nothing has. How often it is called is how
  /// often rows are written, however often progress is told.
  Task<> flush();

  /// In order of their names.
  std::vector<JobRecord> list() const;
  std::optional<JobRecord> find(const std::string& name) const;

  /// Whether there is a run to stop. not_found (no such job).
  Result<bool> stop(const std::string& name);
  /// not_found, conflict (it runs already), request_invalid (it only runs by itself), and what beginning it
  /// refuses.
  Result<void> start(const std::string& name);

 private:
  Result<Job*> job_named(const std::string& name) const;

  // Fixed after construction, but for the jobs that are added before load().
  JobStore& store_;
  const Clock& clock_;
  Metrics& metrics_;
  std::map<std::string, std::unique_ptr<Job>> jobs_;
};

}  // namespace berth
