// /api/v1/retention
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <string_view>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"
#include "lifecycle/retention_rule_config.h"

namespace berth::admin {
namespace {

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "there is no retention here");
}

std::string_view name_of(DeletionOutcome outcome) {
  switch (outcome) {
    case DeletionOutcome::deleted:
      return "deleted";
    case DeletionOutcome::changed:
      return "changed";
    case DeletionOutcome::in_use:
      return "in_use";
    case DeletionOutcome::protected_by_tag:
      return "protected";
  }
  return {};
}

boost::json::object json_of(const RetentionView& view) {
  boost::json::array left;
  for (const RetentionLeft& each : view.left) left.push_back({{"name", each.name}, {"why", name_of(each.outcome)}});
  const RetentionReport& report = view.report;
  return {{"run", view.run},
          {"running", view.is_running},
          {"plan", view.plan},
          {"failure", view.failure},
          {"deletions", view.deletions},
          {"deleted_tags", report.deleted_tags},
          {"deleted_manifests", report.deleted_manifests},
          {"left_count", report.left},
          {"left", std::move(left)}};
}

/// The rules in the body; nothing: those of the configuration.
Result<std::optional<std::vector<RetentionRule>>> read_rules(std::string_view body) {
  std::string plain(body);
  std::erase_if(plain, [](char c) { return std::string_view(" \t\r\n").contains(c); });
  if (plain.empty() || plain == "{}") return std::nullopt;
  Result<std::vector<RetentionRule>> rules = parse_retention_json(body);
  if (!rules) return std::unexpected(std::move(rules.error()));
  return *std::move(rules);
}

Result<PlanForm> read_form(std::string_view text) {
  if (text == "json") return PlanForm::json;
  if (text == "table") return PlanForm::table;
  if (text == "diff") return PlanForm::diff;
  return refuse(ErrorCode::request_invalid, "format: is not one of json, table, diff", {"format"});
}

Result<PlanLines> read_lines(std::string_view text) {
  if (text == "all") return PlanLines::all;
  if (text == "notable") return PlanLines::notable;
  return refuse(ErrorCode::request_invalid, "lines: is not one of all, notable", {"lines"});
}

http::Response text_response(std::string json) {
  http::Response response = http::Response::text(200, "application/json", std::move(json));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace

Task<Answer> get_retention_rules(const AdminParts& admin, Exchange& /*exchange*/) {
  if (admin.retention == nullptr) co_return nothing_here();
  co_return text_response(retention_json(admin.retention->rules()) + "\n");
}

Task<Answer> post_retention_plan(const AdminParts& admin, Exchange& exchange) {
  if (admin.retention == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  Result<std::optional<std::vector<RetentionRule>>> rules = read_rules(*body);
  if (!rules) co_return std::unexpected(std::move(rules.error()));
  RetentionOrder order{.repository = std::nullopt, .rules = *std::move(rules), .who = author_of(exchange)};
  if (const auto name = exchange.request.query.find("repository")) {
    Result<RepositoryName> parsed = RepositoryName::parse(*name);
    if (!parsed) {
      co_return refuse(ErrorCode::request_invalid, "repository: " + parsed.error().message, {"repository"});
    }
    order.repository = *std::move(parsed);
  }
  const Result<PlanForm> form = read_form(exchange.request.query.find("format").value_or("json"));
  if (!form) co_return std::unexpected(form.error());
  const Result<PlanLines> lines = read_lines(exchange.request.query.find("lines").value_or("all"));
  if (!lines) co_return std::unexpected(lines.error());
  const Result<std::shared_ptr<const RetentionPlan>> plan = co_await admin.retention->plan(std::move(order));
  if (!plan) co_return std::unexpected(plan.error());
  std::string text = co_await admin.retention->describe(*plan, *form, *lines);
  if (*form == PlanForm::json) co_return text_response(std::move(text) + "\n");
  const RetentionTotals& totals = (*plan)->totals;
  co_return json_response(
      200, {{"id", (*plan)->id}, {"deletions", totals.deleted_tags + totals.deleted_manifests}, {"text", text}});
}

Task<Answer> post_retention_apply(const AdminParts& admin, Exchange& exchange) {
  if (admin.retention == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<std::uint64_t> run = co_await admin.retention->apply(exchange.parameter, author_of(exchange));
  if (!run) co_return std::unexpected(run.error());
  co_return json_response(202, {{"run", *run}});
}

Task<Answer> get_retention_run(const AdminParts& admin, Exchange& exchange) {
  if (admin.retention == nullptr) co_return nothing_here();
  const Result<std::uint64_t> run = read_number(exchange.parameter, "run");
  if (!run) co_return std::unexpected(run.error());
  const std::optional<RetentionView> view = admin.retention->look(*run);
  if (!view) co_return refuse(ErrorCode::not_found, "there is no such run of retention", {exchange.parameter});
  co_return json_response(200, json_of(*view));
}

}  // namespace berth::admin
