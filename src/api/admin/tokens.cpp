// /api/v1/users/{user}/tokens: a user's own, or anybody's for an administrator.
#include <boost/json/array.hpp>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/expiry.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

/// The user of the path, if the caller may look after him.
Result<AccountName> managed_user(const Exchange& exchange, std::string_view text) {
  Result<AccountName> name = name_in_path(text, "user");
  if (name && !may_manage(exchange, *name)) return refuse_others();
  return name;
}

}  // namespace

Task<Answer> get_tokens(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> user = managed_user(exchange, exchange.parameter);
  if (!user) co_return std::unexpected(user.error());
  Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(std::move(part.error()));
  const Page<TokenRecord> page =
      co_await admin.accounts.store().list_tokens(*user, std::move(part->after), part->limit);
  boost::json::array tokens;
  for (const TokenRecord& token : page.entries) tokens.push_back(json_of(token));
  http::Response response = json_response(200, {{"tokens", std::move(tokens)}});
  if (page.has_more) add_next_link(response, exchange, page.entries.back().id, part->limit);
  co_return response;
}

Task<Answer> post_token(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> user = managed_user(exchange, exchange.parameter);
  if (!user) co_return std::unexpected(user.error());
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  NewToken token{.user = *user, .note = fields.optional_text("note").value_or("")};
  const std::vector<std::string> can = fields.texts("can");
  const auto expires =
      parse_expiry(fields.optional_text("expires").value_or(std::string(kDefaultExpiry)), admin.accounts.now());
  if (!expires) fields.refuse_field("expires", expires.error());
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  Result<std::vector<AccountRight>> rights = read_rights(can, "can");
  if (!rights) co_return std::unexpected(std::move(rights.error()));
  token.rights = *std::move(rights);
  token.expires = *expires;
  const Result<CreatedToken> created = co_await admin.accounts.create_token(std::move(token), author_of(exchange));
  if (!created) co_return std::unexpected(created.error());
  boost::json::object answer = json_of(created->token);
  answer["secret"] = created->secret;
  co_return json_response(201, answer);
}

Task<Answer> delete_token(const AdminParts& admin, Exchange& exchange) {
  const Result<AccountName> user = managed_user(exchange, exchange.parent);
  if (!user) co_return std::unexpected(user.error());
  const Result<void> done = co_await admin.accounts.revoke_token(*user, exchange.parameter, author_of(exchange));
  if (!done) co_return std::unexpected(done.error());
  co_return done_response();
}

}  // namespace berth::admin
