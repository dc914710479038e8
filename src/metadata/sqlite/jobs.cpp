// Jobs in the background, as rows.
#include <utility>

#include "metadata/sqlite/sqlite_job_store.h"

namespace berth {

using sqlite::Connection;
using sqlite::Query;
using sqlite::Statement;

Task<> SqliteJobStore::put_jobs(std::vector<JobRecord> jobs) {
  return writer_.run(0, [jobs = std::move(jobs)](Connection& connection) {
    for (const JobRecord& job : jobs) {
      connection.change(Statement::put_job, job.name, job.state, job.started, job.ended, job.last_success, job.next,
                        job.done, job.total, job.unit, job.result, job.error);
    }
  });
}

Task<std::vector<JobRecord>> SqliteJobStore::list_jobs() {
  return readers_.run([](Connection& connection) {
    std::vector<JobRecord> jobs;
    Query query = connection.query(Statement::list_jobs);
    while (query.step()) {
      jobs.push_back({.name = query.text(0),
                      .state = static_cast<JobState>(query.integer(1)),
                      .started = query.optional_time(2),
                      .ended = query.optional_time(3),
                      .last_success = query.optional_time(4),
                      .next = query.optional_time(5),
                      .done = query.count(6),
                      .total = query.count(7),
                      .unit = query.text(8),
                      .result = query.text(9),
                      .error = query.text(10)});
    }
    return jobs;
  });
}

}  // namespace berth
