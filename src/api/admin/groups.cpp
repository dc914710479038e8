// /api/v1/groups
#include <boost/json/array.hpp>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

std::unexpected<Error> unknown_group(const AccountName& name) {
  return refuse(ErrorCode::not_found, "there is no group " + name.text(), {name.text()});
}

}  // namespace

Task<Answer> get_groups(const AdminParts& admin, Exchange& exchange) {
  Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(std::move(part.error()));
  const Page<GroupRecord> page = co_await admin.accounts.store().list_groups(std::move(part->after), part->limit);
  boost::json::array groups;
  for (const GroupRecord& group : page.entries) groups.push_back(json_of(group));
  http::Response response = json_response(200, {{"groups", std::move(groups)}});
  if (page.has_more) add_next_link(response, exchange, page.entries.back().name.text(), part->limit);
  co_return response;
}

Task<Answer> post_group(const AdminParts& admin, Exchange& exchange) {
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const Result<AccountName> name = AccountName::parse(fields.text("name"));
  if (!name) fields.refuse_field("name", name.error().message);
  const std::string note = fields.optional_text("note").value_or("");
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<GroupRecord> group = co_await admin.accounts.add_group(*name, note, author_of(exchange));
  if (!group) co_return std::unexpected(group.error());
  co_return json_response(201, json_of(*group));
}

Task<Answer> get_group(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "group");
  if (!name) co_return std::unexpected(name.error());
  const std::optional<GroupRecord> group = co_await admin.accounts.store().find_group(*name);
  if (!group) co_return unknown_group(*name);
  co_return json_response(200, json_of(*group));
}

Task<Answer> delete_group(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "group");
  if (!name) co_return std::unexpected(name.error());
  const Result<void> done = co_await admin.accounts.remove_group(*name, author_of(exchange));
  if (!done) co_return std::unexpected(done.error());
  co_return done_response();
}

Task<Answer> get_members(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "group");
  if (!name) co_return std::unexpected(name.error());
  Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(std::move(part.error()));
  if (!co_await admin.accounts.store().find_group(*name)) co_return unknown_group(*name);
  const Page<AccountName> page =
      co_await admin.accounts.store().list_members(*name, std::move(part->after), part->limit);
  boost::json::array members;
  for (const AccountName& member : page.entries) members.emplace_back(member.text());
  http::Response response = json_response(200, {{"members", std::move(members)}});
  if (page.has_more) add_next_link(response, exchange, page.entries.back().text(), part->limit);
  co_return response;
}

Task<Answer> put_member(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> group = name_in_path(exchange.parent, "group");
  if (!group) co_return std::unexpected(group.error());
  const Result<AccountName> user = name_in_path(exchange.parameter, "user");
  if (!user) co_return std::unexpected(user.error());
  const Result<void> done = co_await admin.accounts.add_member(*group, *user, author_of(exchange));
  if (!done) co_return std::unexpected(done.error());
  co_return done_response();
}

Task<Answer> delete_member(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> group = name_in_path(exchange.parent, "group");
  if (!group) co_return std::unexpected(group.error());
  const Result<AccountName> user = name_in_path(exchange.parameter, "user");
  if (!user) co_return std::unexpected(user.error());
  const Result<void> done = co_await admin.accounts.remove_member(*group, *user, author_of(exchange));
  if (!done) co_return std::unexpected(done.error());
  co_return done_response();
}

}  // namespace berth::admin
