#include "lifecycle/job_book.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "metadata/memory/memory_metadata_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

/// Refuses to write as long as it is told to.
class FailingJobStore final : public JobStore {
 public:
  Task<> put_jobs(std::vector<JobRecord> jobs) override {
    if (is_broken) throw std::runtime_error("the disk");
    co_await inner.put_jobs(std::move(jobs));
  }
  Task<std::vector<JobRecord>> list_jobs() override { return inner.list_jobs(); }

  MemoryMetadataStore inner;
  bool is_broken = false;
};

class JobBookTest : public testing::Test {
 protected:
  JobRecord row() {
    run_task(book_.flush());
    const std::vector<JobRecord> rows = run_task(store_.list_jobs());
    return rows.empty() ? JobRecord{} : rows.front();
  }
  JobRecord shown() { return book_.find("scrub").value(); }

  Task<std::string> half_way(JobRun& run) {
    run.set_progress(5, 10);
    seen_ = row();
    co_return "ten blobs";
  }
  Task<std::string> be_stopped(JobRun& run) {
    EXPECT_FALSE(run.should_stop());
    EXPECT_TRUE(book_.stop("scrub").value());
    EXPECT_TRUE(run.should_stop());
    run.cut_short();
    co_return "half of it";
  }
  static Task<std::string> fail(JobRun& /*run*/) {
    throw std::runtime_error("the disk");
    co_return "";
  }
  void run_half_way() {
    run_task(job_.run([this](JobRun& run) { return half_way(run); }));
  }

  ManualClock clock_;
  Metrics metrics_;
  FailingJobStore store_;
  JobBook book_{store_, clock_, metrics_};
  Job& job_{book_.add("scrub", "blobs")};
  JobRecord seen_;
};

TEST_F(JobBookTest, ARunIsARowFromItsBeginningOn) {
  const WallTime began = clock_.now();
  run_half_way();
  EXPECT_EQ(seen_.state, JobState::running);
  EXPECT_EQ(seen_.started, began);
  EXPECT_EQ(seen_.done, 5U);
  EXPECT_EQ(seen_.total, 10U);
  EXPECT_EQ(seen_.unit, "blobs");
  const JobRecord after = row();
  EXPECT_EQ(after.state, JobState::idle);
  EXPECT_EQ(after.result, "ten blobs");
  EXPECT_EQ(after.ended, clock_.now());
  EXPECT_EQ(after.last_success, clock_.now());
  EXPECT_EQ(after, shown());
  const std::string text = metrics_.render();
  EXPECT_NE(text.find("berth_job_runs_total{job=\"scrub\",result=\"success\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("berth_job_running{job=\"scrub\"} 0"), std::string::npos);
  EXPECT_NE(text.find("berth_job_progress_done{job=\"scrub\",unit=\"blobs\"} 5"), std::string::npos);
  EXPECT_NE(text.find("berth_job_duration_seconds_count{job=\"scrub\"} 1"), std::string::npos);
}

TEST_F(JobBookTest, AFailureIsShownUntilARunDoesWhatItIsFor) {
  run_half_way();
  const std::optional<WallTime> success = shown().last_success;
  clock_.advance(1h);
  EXPECT_THROW(run_task(job_.run(fail)), std::runtime_error);
  EXPECT_EQ(shown().state, JobState::failed);
  EXPECT_EQ(shown().error, "the disk");
  EXPECT_EQ(shown().result, "ten blobs");
  EXPECT_EQ(shown().last_success, success);
  run_half_way();
  EXPECT_EQ(shown().state, JobState::idle);
  EXPECT_EQ(shown().error, "");
  EXPECT_NE(metrics_.render().find("berth_job_runs_total{job=\"scrub\",result=\"failed\"} 1"), std::string::npos);
}

TEST_F(JobBookTest, IsStoppedOnlyWhileItRuns) {
  EXPECT_FALSE(book_.stop("scrub").value());
  run_task(job_.run([this](JobRun& run) { return be_stopped(run); }));
  EXPECT_EQ(shown().state, JobState::stopped);
  EXPECT_EQ(shown().last_success, std::nullopt);
  EXPECT_EQ(book_.stop("none").error().code, ErrorCode::not_found);
  run_half_way();
  EXPECT_EQ(shown().state, JobState::idle) << "the next run is not stopped";
}

TEST_F(JobBookTest, BeginsWhenAskedToIfItCan) {
  EXPECT_EQ(book_.start("scrub").error().code, ErrorCode::request_invalid);
  int begun = 0;
  job_.set_starter([&begun]() -> Result<void> {
    ++begun;
    return {};
  });
  EXPECT_TRUE(book_.start("scrub"));
  EXPECT_EQ(begun, 1);
  EXPECT_EQ(book_.start("none").error().code, ErrorCode::not_found);
}

TEST_F(JobBookTest, WhatACrashCutOffIsShownAsInterrupted) {
  run_half_way();
  JobRecord running = row();
  running.state = JobState::running;
  run_task(store_.put_jobs({running}));
  JobBook next(store_, clock_, metrics_);
  next.add("scrub", "blobs").set_next(clock_.now() + 1h);
  run_task(next.load());
  const JobRecord after = next.find("scrub").value();
  EXPECT_EQ(after.state, JobState::interrupted);
  EXPECT_EQ(after.done, 5U);
  EXPECT_EQ(after.result, "ten blobs");
  EXPECT_EQ(after.next, clock_.now() + 1h);
  EXPECT_EQ(run_task(store_.list_jobs()).front().state, JobState::interrupted);
}

TEST_F(JobBookTest, WhatCouldNotBeWrittenIsWrittenLater) {
  run_half_way();
  job_.set_next(clock_.now());
  store_.is_broken = true;
  EXPECT_THROW(run_task(book_.flush()), std::runtime_error);
  store_.is_broken = false;
  EXPECT_EQ(row().next, clock_.now());
}

}  // namespace
}  // namespace berth
