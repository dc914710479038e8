// /api/v1/users
#include <boost/json/array.hpp>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

/// `password`, `password_hash` or `no_password`; nothing if there is none of them.
std::optional<NewSecret> read_secret(RequestFields& fields) {
  std::optional<std::string> password = fields.optional_text("password");
  std::optional<std::string> hash = fields.optional_text("password_hash");
  const bool is_none = fields.optional_flag("no_password").value_or(false);
  if ((password ? 1 : 0) + (hash ? 1 : 0) + (is_none ? 1 : 0) > 1) {
    fields.refuse_field("password", "only one of password, password_hash and no_password");
  }
  if (password) return Password{*std::move(password)};
  if (hash) return PasswordHash{*std::move(hash)};
  if (is_none) return std::monostate();
  return std::nullopt;
}

}  // namespace

Task<Answer> get_users(const AdminParts& admin, Exchange& exchange) {
  Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(std::move(part.error()));
  const Page<UserRecord> page = co_await admin.accounts.store().list_users(std::move(part->after), part->limit);
  boost::json::array users;
  for (const UserRecord& user : page.entries) users.push_back(json_of(user));
  http::Response response = json_response(200, {{"users", std::move(users)}});
  if (page.has_more) add_next_link(response, exchange, page.entries.back().name.text(), part->limit);
  co_return response;
}

Task<Answer> post_user(const AdminParts& admin, Exchange& exchange) {
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const Result<AccountName> name = AccountName::parse(fields.text("name"));
  if (!name) fields.refuse_field("name", name.error().message);
  std::optional<NewSecret> secret = read_secret(fields);
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<UserRecord> user =
      co_await admin.accounts.add_user(*name, std::move(secret).value_or(std::monostate()), author_of(exchange));
  if (!user) co_return std::unexpected(user.error());
  co_return json_response(201, json_of(*user));
}

Task<Answer> get_user(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "user");
  if (!name) co_return std::unexpected(name.error());
  if (!may_manage(exchange, *name)) co_return refuse_others();
  const std::optional<UserAccount> account = co_await admin.accounts.store().find_user(*name);
  if (!account) co_return refuse(ErrorCode::not_found, "there is no user " + name->text(), {name->text()});
  boost::json::object user = json_of(account->user);
  boost::json::array groups;
  for (const AccountName& group : account->groups) groups.emplace_back(group.text());
  user["groups"] = std::move(groups);
  co_return json_response(200, user);
}

Task<Answer> patch_user(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "user");
  if (!name) co_return std::unexpected(name.error());
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const std::optional<bool> is_disabled = fields.optional_flag("disabled");
  std::optional<NewSecret> secret = read_secret(fields);
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  // The password first: it is what can be refused, and then nothing has changed.
  if (secret) {
    const Result<void> done = co_await admin.accounts.set_password(*name, *std::move(secret), author_of(exchange));
    if (!done) co_return std::unexpected(done.error());
  }
  if (is_disabled) {
    const UserState state = *is_disabled ? UserState::disabled : UserState::active;
    const Result<void> done = co_await admin.accounts.set_user_state(*name, state, author_of(exchange));
    if (!done) co_return std::unexpected(done.error());
  }
  Answer answer = co_await get_user(admin, exchange);
  co_return answer;
}

Task<Answer> delete_user(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> name = name_in_path(exchange.parameter, "user");
  if (!name) co_return std::unexpected(name.error());
  const Result<void> done = co_await admin.accounts.remove_user(*name, author_of(exchange));
  if (!done) co_return std::unexpected(done.error());
  co_return done_response();
}

}  // namespace berth::admin
