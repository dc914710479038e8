// /api/v1/rules and /api/v1/explain
#include <boost/json/array.hpp>
#include <charconv>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

/// Rules that stand in the configuration: all of the policy's that came from nowhere else.
boost::json::array configured_rules(const Accounts& accounts) {
  boost::json::array rules;
  for (const AccessRule& rule : accounts.configured_rules()) {
    rules.push_back({{"rule", rule.text()}, {"origin", rule.origin}});
  }
  return rules;
}

Result<std::size_t> read_position(const std::optional<std::string>& text) {
  if (!text) return 0;
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), position);
  if (error == std::errc() && end == text->data() + text->size()) return position;
  return refuse(ErrorCode::request_invalid, "last: is not a position", {"last"});
}

}  // namespace

Task<Answer> get_rules(const AdminParts& admin, Exchange& exchange) {
  const Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(part.error());
  const Result<std::size_t> after = read_position(part->after);
  if (!after) co_return std::unexpected(after.error());
  const Page<RuleRecord> page = co_await admin.accounts.store().list_rules(*after, part->limit);
  boost::json::object body;
  // They come before the stored ones, and once.
  if (*after == 0) body["configured"] = configured_rules(admin.accounts);
  boost::json::array rules;
  for (const RuleRecord& rule : page.entries) rules.push_back(json_of(rule));
  body["rules"] = std::move(rules);
  http::Response response = json_response(200, body);
  if (page.has_more) add_next_link(response, exchange, std::to_string(page.entries.back().position), part->limit);
  co_return response;
}

Task<Answer> post_rule(const AdminParts& admin, Exchange& exchange) {
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  NewRule rule{.text = fields.text("rule"),
               .position = fields.optional_number("position").value_or(0),
               .note = fields.optional_text("note").value_or("")};
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<RuleRecord> added = co_await admin.accounts.add_rule(std::move(rule), author_of(exchange));
  if (!added) co_return std::unexpected(added.error());
  co_return json_response(201, json_of(*added));
}

Task<Answer> delete_rule(const AdminParts& admin, Exchange& exchange) {
  const Result<void> done = co_await admin.accounts.remove_rule(exchange.parameter, author_of(exchange));
  if (!done) co_return std::unexpected(done.error());
  co_return done_response();
}

Task<Answer> get_explanation(const AdminParts& admin, Exchange& exchange) {
  const auto value = [&exchange](std::string_view name) {
    return std::string(exchange.request.query.find(name).value_or(""));
  };
  AccessQuestion question{.who = value("who"), .repository = value("repository"), .tag = value("tag")};
  const std::optional<AccessAction> action = parse_access_action(value("action"));
  if (!action) {
    co_return refuse(ErrorCode::request_invalid, "action: is none of pull, push, delete, catalog, admin", {"action"});
  }
  question.action = *action;
  const Result<AccessAnswer> answer = co_await admin.accounts.explain(std::move(question));
  if (!answer) co_return std::unexpected(answer.error());
  boost::json::object body{{"allowed", answer->is_allowed}, {"reason", answer->reason}};
  if (!answer->rule.empty()) body["rule"] = answer->rule;
  if (!answer->origin.empty()) body["origin"] = answer->origin;
  body["known"] = answer->is_known;
  body["groups"] = json_of(answer->groups);
  co_return json_response(200, body);
}

}  // namespace berth::admin
