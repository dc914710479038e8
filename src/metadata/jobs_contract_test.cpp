// The contract of JobStore.
#include "metadata/job_store.h"

#include "metadata/memory/memory_metadata_store.h"
#include "metadata/metadata_store_contract.h"
#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {
namespace {

JobRecord job(std::string name) {
  return {.name = std::move(name), .state = JobState::idle};
}

void keeps_each_job_as_it_was_put_last(JobStore& jobs) {
  EXPECT_TRUE(run_task(jobs.list_jobs()).empty());
  const JobRecord full{.name = "scrub",
                       .state = JobState::failed,
                       .started = at(1),
                       .ended = at(2),
                       .last_success = at(3),
                       .next = at(4),
                       .done = 5,
                       .total = 6,
                       .unit = "bytes",
                       .result = "fine",
                       .error = "the disk"};
  run_task(jobs.put_jobs({full, job("collection")}));
  EXPECT_EQ(run_task(jobs.list_jobs()), (std::vector{job("collection"), full}));
  JobRecord running = job("collection");
  running.state = JobState::running;
  run_task(jobs.put_jobs({running}));
  EXPECT_EQ(run_task(jobs.list_jobs()), (std::vector{running, full}));
}

}  // namespace

TEST(JobStoreContract, MemoryKeepsEachJobAsItWasPutLast) {
  MemoryMetadataStore store;
  keeps_each_job_as_it_was_put_last(store);
}

TEST(JobStoreContract, SqliteKeepsEachJobAsItWasPutLast) {
  const TemporaryDirectory directory;
  SqliteMetadataStore store(SqliteOptions{.path = directory.path() / "metadata.db"});
  keeps_each_job_as_it_was_put_last(store.jobs());
}

}  // namespace berth
