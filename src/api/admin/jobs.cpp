// /api/v1/jobs
#include <boost/json/array.hpp>
#include <string_view>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "there are no jobs here");
}

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::idle:
      return "idle";
    case JobState::running:
      return "running";
    case JobState::failed:
      return "failed";
    case JobState::stopped:
      return "stopped";
    case JobState::interrupted:
      return "interrupted";
  }
  return "unknown";
}

boost::json::object json_of(const JobRecord& job) {
  return {{"name", job.name},
          {"state", name_of(job.state)},
          {"started", admin::json_of(job.started)},
          {"ended", admin::json_of(job.ended)},
          {"last_success", admin::json_of(job.last_success)},
          {"next", admin::json_of(job.next)},
          {"done", job.done},
          {"total", job.total},
          {"unit", job.unit},
          {"result", job.result},
          {"error", job.error}};
}

}  // namespace

Task<Answer> get_jobs(const AdminParts& admin, Exchange& /*exchange*/) {
  if (admin.jobs == nullptr) co_return nothing_here();
  boost::json::array jobs;
  for (const JobRecord& job : admin.jobs->list()) jobs.push_back(json_of(job));
  co_return json_response(200, {{"jobs", std::move(jobs)}});
}

Task<Answer> get_job(const AdminParts& admin, Exchange& exchange) {
  if (admin.jobs == nullptr) co_return nothing_here();
  const std::optional<JobRecord> job = admin.jobs->find(exchange.parameter);
  if (!job) co_return refuse(ErrorCode::not_found, "there is no job of this name", {exchange.parameter});
  co_return json_response(200, json_of(*job));
}

Task<Answer> post_job_start(const AdminParts& admin, Exchange& exchange) {
  if (admin.jobs == nullptr) co_return nothing_here();
  if (Result<void> fine = co_await read_no_fields(exchange.request); !fine)
    co_return std::unexpected(std::move(fine.error()));
  if (Result<void> begun = admin.jobs->start(exchange.parameter); !begun) {
    co_return std::unexpected(std::move(begun.error()));
  }
  co_return http::Response::empty(202);
}

Task<Answer> post_job_stop(const AdminParts& admin, Exchange& exchange) {
  if (admin.jobs == nullptr) co_return nothing_here();
  if (Result<void> fine = co_await read_no_fields(exchange.request); !fine)
    co_return std::unexpected(std::move(fine.error()));
  const Result<bool> is_running = admin.jobs->stop(exchange.parameter);
  if (!is_running) co_return std::unexpected(is_running.error());
  co_return json_response(200, {{"running", *is_running}});
}

}  // namespace berth::admin
