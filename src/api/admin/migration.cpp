// /api/v1/adoption and /api/v1/exports
#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

constexpr std::size_t kProblemPage = 1'000;

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "no volume is taken over or handed back here");
}

boost::json::object json_of(const AdoptionView& view, const AdoptionDesk& desk) {
  const AdoptionRecord& record = view.record;
  const AdoptionCounts& counts = record.counts;
  return {{"kind", record.kind == AdoptionKind::first ? "adoption" : "comparison"},
          {"complete", record.state == AdoptionState::complete},
          {"pending", view.is_pending},
          {"running", view.is_running},
          {"failure", view.failure},
          {"began", admin::json_of(std::optional(record.began))},
          {"ended", admin::json_of(record.ended)},
          {"done", view.done},
          {"total", view.total},
          {"repositories", counts.repositories},
          {"tags", counts.tags},
          {"manifests", counts.manifests},
          {"layers", counts.layers},
          {"unlinked_blobs", counts.unlinked},
          {"dropped_uploads", counts.uploads},
          {"removed", counts.removed},
          {"problems_total", record.problems},
          {"problems_holding", record.holding},
          {"removal_held_because", desk.reason()},
          {"links", desk.follows_links()}};
}

boost::json::object json_of(const AdoptionProblem& problem) {
  return {{"number", problem.number},
          {"kind", name_of(problem.kind)},
          {"repository", problem.repository},
          {"item", problem.item},
          {"what", problem.what}};
}

boost::json::object json_of(const ExportView& view) {
  boost::json::array differences;
  for (const std::string& what : view.differences) differences.emplace_back(what);
  return {{"run", view.run},
          {"running", view.is_running},
          {"compare", view.action == LinkAction::compare},
          {"failure", view.failure},
          {"repositories", view.report.repositories},
          {"links", view.report.links},
          {"written", view.report.written},
          {"removed", view.report.removed},
          {"first", view.first},
          {"differences", std::move(differences)}};
}

/// The volume was Berth's from the beginning.
AdoptionView nothing_adopted() {
  return {.record = {.state = AdoptionState::complete, .began = {}}};
}

}  // namespace

Task<Answer> get_adoption(const AdminParts& admin, Exchange& exchange) {
  if (admin.adoption == nullptr) co_return nothing_here();
  const auto asked = exchange.request.query.find("from");
  const Result<std::uint64_t> from = read_number(asked ? *asked : "0", "from");
  if (!from) co_return std::unexpected(from.error());
  const std::optional<AdoptionView> view = co_await admin.adoption->look();
  boost::json::object answer = json_of(view.value_or(nothing_adopted()), *admin.adoption);
  if (!view) answer["kind"] = "none";
  boost::json::array problems;
  for (const AdoptionProblem& problem :
       co_await admin.adoption->problems(static_cast<std::int64_t>(*from), kProblemPage)) {
    problems.push_back(json_of(problem));
  }
  answer["problems"] = std::move(problems);
  co_return json_response(200, answer);
}

Task<Answer> post_adoption_run(const AdminParts& admin, Exchange& exchange) {
  if (admin.adoption == nullptr) co_return nothing_here();
  if (Result<void> fine = co_await read_no_fields(exchange.request); !fine)
    co_return std::unexpected(std::move(fine.error()));
  admin.adoption->begin();
  co_return http::Response::empty(202);
}

Task<Answer> post_adoption_acceptance(const AdminParts& admin, Exchange& exchange) {
  if (admin.adoption == nullptr) co_return nothing_here();
  if (Result<void> fine = co_await read_no_fields(exchange.request); !fine)
    co_return std::unexpected(std::move(fine.error()));
  const Result<std::uint64_t> settled = co_await admin.adoption->accept_losses();
  if (!settled) co_return std::unexpected(settled.error());
  co_return json_response(200, {{"settled", *settled}});
}

Task<Answer> post_export(const AdminParts& admin, Exchange& exchange) {
  if (admin.exports == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const bool is_compare = fields.optional_flag("compare").value_or(false);
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<std::uint64_t> run = admin.exports->start(is_compare ? LinkAction::compare : LinkAction::write);
  if (!run) co_return std::unexpected(run.error());
  co_return json_response(202, {{"run", *run}});
}

Task<Answer> get_export(const AdminParts& admin, Exchange& exchange) {
  if (admin.exports == nullptr) co_return nothing_here();
  const Result<std::uint64_t> run = read_number(exchange.parameter, "run");
  if (!run) co_return std::unexpected(run.error());
  const auto asked = exchange.request.query.find("from");
  const Result<std::uint64_t> from = read_number(asked ? *asked : "0", "from");
  if (!from) co_return std::unexpected(from.error());
  const std::optional<ExportView> view = admin.exports->look(*run, *from);
  if (!view) co_return refuse(ErrorCode::not_found, "there is no such export", {exchange.parameter});
  co_return json_response(200, json_of(*view));
}

}  // namespace berth::admin
