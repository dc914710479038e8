// SqliteJobStore: the jobs' rows in the embedded metadata database.
#pragma once

#include <vector>

#include "metadata/job_store.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteJobStore final : public JobStore {
 public:
  SqliteJobStore(sqlite::Readers& readers, sqlite::WriteQueue& writer) : readers_(readers), writer_(writer) {}

  Task<> put_jobs(std::vector<JobRecord> jobs) override;
  Task<std::vector<JobRecord>> list_jobs() override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
};

}  // namespace berth
