#include "lifecycle/job_book.h"

#include <exception>
#include <utility>

#include "base/at_end.h"

namespace berth {
namespace {

/// From a round that finds nothing to do to a check of terabytes.
std::vector<double> duration_bounds() {
  return {0.01, 0.1, 1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600};
}

constexpr const char* kRuns = "berth_job_runs_total";
constexpr const char* kRunsHelp = "Runs of jobs that ended, by what came of them.";

std::int64_t unix_seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

Job::Job(std::string name, std::string unit, const Clock& clock, Metrics& metrics)
    : name_(std::move(name)),
      clock_(clock),
      succeeded_(metrics.counter(kRuns, kRunsHelp, {{"job", name_}, {"result", "success"}})),
      failed_(metrics.counter(kRuns, kRunsHelp, {{"job", name_}, {"result", "failed"}})),
      stopped_(metrics.counter(kRuns, kRunsHelp, {{"job", name_}, {"result", "stopped"}})),
      running_(metrics.gauge("berth_job_running", "1 while a run of the job is under way.", {{"job", name_}})),
      done_(metrics.gauge("berth_job_progress_done", "How far the run is, or the last one came, in the job's unit.",
                          {{"job", name_}, {"unit", unit}})),
      total_(metrics.gauge("berth_job_progress_total", "How much the run has to do; 0 if that is not known.",
                           {{"job", name_}, {"unit", unit}})),
      last_success_(metrics.gauge("berth_job_last_success_timestamp_seconds",
                                  "When a run last did what it was for; 0: never.", {{"job", name_}})),
      duration_(metrics.histogram("berth_job_duration_seconds", "How long runs of jobs took.", duration_bounds(),
                                  {{"job", name_}})),
      record_{.name = name_, .unit = std::move(unit)} {}

Task<> Job::run(std::function<Task<std::string>(JobRun& run)> work) {
  begin();
  JobRun run(*this);
  std::string failure;
  std::string result;
  std::exception_ptr thrown;
  try {
    result = co_await work(run);
  } catch (const std::exception& error) {
    failure = error.what();
    thrown = std::current_exception();
  }
  if (thrown) {
    end(JobState::failed, failure);
    std::rethrow_exception(thrown);
  }
  end(run.was_cut_short_ ? JobState::stopped : JobState::idle, result);
}

void Job::begin() {
  is_stop_asked_ = false;
  change([this](JobRecord& record) {
    began_ = clock_.monotonic();
    record.state = JobState::running;
    record.started = clock_.now();
    record.done = record.total = 0;
  });
  running_.set(1);
  done_.set(0);
  total_.set(0);
}

void Job::end(JobState state, const std::string& text) {
  MonotonicTime began;
  change([&](JobRecord& record) {
    began = began_;
    record.state = state;
    record.ended = clock_.now();
    switch (state) {
      case JobState::idle:
        record.last_success = record.ended;
        record.result = text;
        record.error.clear();
        last_success_.set(unix_seconds(*record.ended));
        break;
      case JobState::failed:
        record.error = text;
        break;
      default:
        break;
    }
  });
  (state == JobState::idle ? succeeded_ : state == JobState::failed ? failed_ : stopped_).add();
  running_.set(0);
  duration_.observe(std::chrono::duration<double>(clock_.monotonic() - began).count());
}

void Job::change(const std::function<void(JobRecord&)>& how) {
  const std::lock_guard lock(mutex_);
  how(record_);
  is_dirty_ = true;
}

void Job::set_next(std::optional<WallTime> next) {
  change([next](JobRecord& record) { record.next = next; });
}

void Job::set_starter(std::function<Result<void>()> start) {
  const std::lock_guard lock(mutex_);
  start_ = std::move(start);
}

void JobRun::set_progress(std::uint64_t done, std::uint64_t total) {
  job_.done_.set(static_cast<std::int64_t>(done));
  job_.total_.set(static_cast<std::int64_t>(total));
  job_.change([=](JobRecord& record) {
    record.done = done;
    record.total = total;
  });
}

JobBook::JobBook(JobStore& store, const Clock& clock, Metrics& metrics)
    : store_(store), clock_(clock), metrics_(metrics) {}

JobBook::~JobBook() = default;

Job& JobBook::add(std::string name, std::string unit) {
  auto job = std::unique_ptr<Job>(new Job(std::move(name), std::move(unit), clock_, metrics_));
  const std::string key = job->name();
  return *jobs_.insert_or_assign(key, std::move(job)).first->second;
}

Task<> JobBook::load() {
  for (JobRecord& row : co_await store_.list_jobs()) {
    const auto found = jobs_.find(row.name);
    if (found == jobs_.end()) continue;
    Job& job = *found->second;
    const std::lock_guard lock(job.mutex_);
    row.unit = job.record_.unit;
    row.next = job.record_.next;
    // Whoever was running it is not there any more: this process has the lock.
    if (row.state == JobState::running) {
      row.state = JobState::interrupted;
      job.is_dirty_ = true;
    }
    if (row.last_success) job.last_success_.set(unix_seconds(*row.last_success));
    job.record_ = std::move(row);
  }
  co_await flush();
}

Task<> JobBook::flush() {
  std::vector<JobRecord> changed;
  std::vector<Job*> jobs;
  for (const auto& [name, job] : jobs_) {
    const std::lock_guard lock(job->mutex_);
    if (!std::exchange(job->is_dirty_, false)) continue;
    changed.push_back(job->record_);
    jobs.push_back(job.get());
  }
  if (changed.empty()) co_return;
  bool is_written = false;
  const AtEnd keep_for_later([&] {
    for (Job* const job : jobs) {
      const std::lock_guard lock(job->mutex_);
      job->is_dirty_ = job->is_dirty_ || !is_written;
    }
  });
  co_await store_.put_jobs(std::move(changed));
  is_written = true;
}

std::vector<JobRecord> JobBook::list() const {
  std::vector<JobRecord> records;
  for (const auto& [name, job] : jobs_) {
    const std::lock_guard lock(job->mutex_);
    records.push_back(job->record_);
  }
  return records;
}

std::optional<JobRecord> JobBook::find(const std::string& name) const {
  const Result<Job*> job = job_named(name);
  if (!job) return std::nullopt;
  const std::lock_guard lock((*job)->mutex_);
  return (*job)->record_;
}

Result<Job*> JobBook::job_named(const std::string& name) const {
  const auto found = jobs_.find(name);
  if (found != jobs_.end()) return found->second.get();
  std::string names;
  for (const auto& [known, job] : jobs_) names += (names.empty() ? "" : ", ") + known;
  return refuse(ErrorCode::not_found, "there is no job of this name (there are " + names + ")", {name});
}

Result<bool> JobBook::stop(const std::string& name) {
  const Result<Job*> job = job_named(name);
  if (!job) return std::unexpected(job.error());
  const std::lock_guard lock((*job)->mutex_);
  if ((*job)->record_.state != JobState::running) return false;
  (*job)->is_stop_asked_ = true;
  return true;
}

Result<void> JobBook::start(const std::string& name) {
  const Result<Job*> job = job_named(name);
  if (!job) return std::unexpected(job.error());
  std::function<Result<void>()> begin;
  {
    const std::lock_guard lock((*job)->mutex_);
    if ((*job)->record_.state == JobState::running) {
      return refuse(ErrorCode::conflict, "the job is running already", {name});
    }
    begin = (*job)->start_;
  }
  if (!begin) return refuse(ErrorCode::request_invalid, "the job is not turned on in the configuration", {name});
  return begin();
}

}  // namespace berth
