// /api/v1/robots
#include <boost/json/array.hpp>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/expiry.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

http::Response created_response(unsigned status, const CreatedRobot& created) {
  boost::json::object answer = json_of(created.robot);
  answer["secret"] = created.secret;
  return json_response(status, answer);
}

}  // namespace

Task<Answer> get_robots(const AdminParts& admin, Exchange& exchange) {
  Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(std::move(part.error()));
  const Page<RobotRecord> page = co_await admin.accounts.store().list_robots(std::move(part->after), part->limit);
  boost::json::array robots;
  for (const RobotRecord& robot : page.entries) robots.push_back(json_of(robot));
  http::Response response = json_response(200, {{"robots", std::move(robots)}});
  if (page.has_more) add_next_link(response, exchange, page.entries.back().name.text(), part->limit);
  co_return response;
}

Task<Answer> post_robot(const AdminParts& admin, Exchange& exchange) {
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const Result<AccountName> name = AccountName::parse(fields.text("name"));
  if (!name) fields.refuse_field("name", name.error().message);
  const std::string note = fields.optional_text("note").value_or("");
  const std::vector<std::string> can = fields.texts("can");
  const auto expires =
      parse_expiry(fields.optional_text("expires").value_or(std::string(kDefaultExpiry)), admin.accounts.now());
  if (!expires) fields.refuse_field("expires", expires.error());
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  Result<std::vector<AccountRight>> rights = read_rights(can, "can");
  if (!rights) co_return std::unexpected(std::move(rights.error()));
  NewRobot robot{.name = *name, .note = note, .rights = *std::move(rights), .expires = *expires};
  const Result<CreatedRobot> created = co_await admin.accounts.create_robot(std::move(robot), author_of(exchange));
  if (!created) co_return std::unexpected(created.error());
  co_return created_response(201, *created);
}

Task<Answer> get_robot(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "robot");
  if (!name) co_return std::unexpected(name.error());
  const std::optional<RobotRecord> robot = co_await admin.accounts.store().find_robot(*name);
  if (!robot) co_return refuse(ErrorCode::not_found, "there is no robot " + name->text(), {name->text()});
  co_return json_response(200, json_of(*robot));
}

Task<Answer> delete_robot(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "robot");
  if (!name) co_return std::unexpected(name.error());
  const Result<void> done = co_await admin.accounts.revoke_robot(*name, author_of(exchange));
  if (!done) co_return std::unexpected(done.error());
  co_return done_response();
}

Task<Answer> rotate_robot(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "robot");
  if (!name) co_return std::unexpected(name.error());
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  // Unless something is said, the expiry stays: a robot does not live longer for having a new secret.
  NewExpiry new_expiry;
  if (const std::optional<std::string> text = fields.optional_text("expires")) {
    const auto expires = parse_expiry(*text, admin.accounts.now());
    if (!expires) fields.refuse_field("expires", expires.error());
    new_expiry = expires.value_or(std::nullopt);
  }
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<CreatedRobot> rotated = co_await admin.accounts.rotate_robot(*name, new_expiry, author_of(exchange));
  if (!rotated) co_return std::unexpected(rotated.error());
  co_return created_response(200, *rotated);
}

}  // namespace berth::admin
