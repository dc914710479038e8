#include "api/admin/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "auth/account_authenticator.h"
#include "base/rfc3339.h"

namespace berth::admin {

http::Response json_response(unsigned status, const boost::json::object& body) {
  http::Response response = http::Response::text(status, "application/json", boost::json::serialize(body) + "\n");
  // Secrets among it, and what others must not be shown by a cache.
  response.headers.add("Cache-Control", "no-store");
  return response;
}

http::Response done_response() {
  return http::Response::empty(204);
}

boost::json::value json_of(const std::optional<WallTime>& time) {
  if (!time) return nullptr;
  return boost::json::string(to_rfc3339(*time));
}

boost::json::array json_of(const std::vector<std::string>& texts) {
  boost::json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

boost::json::object json_of(const UserRecord& user) {
  return {{"name", user.name.text()},
          {"disabled", user.state == UserState::disabled},
          {"has_password", !user.secret_hash.empty()},
          {"created", to_rfc3339(user.created)},
          {"last_login", json_of(user.last_login)}};
}

boost::json::object json_of(const GroupRecord& group) {
  return {{"name", group.name.text()}, {"note", group.note}, {"created", to_rfc3339(group.created)}};
}

boost::json::object json_of(const RobotRecord& robot) {
  return {{"name", robot.name.text()},
          {"login", std::string(kRobotPrefix) + robot.name.text()},
          {"can", json_of(robot.rights)},
          {"note", robot.note},
          {"created", to_rfc3339(robot.created)},
          {"created_by", robot.created_by},
          {"expires", json_of(robot.expires)},
          {"last_used", json_of(robot.last_used)}};
}

boost::json::object json_of(const TokenRecord& token) {
  return {{"id", token.id},
          {"user", token.user.text()},
          {"can", json_of(token.rights)},
          {"note", token.note},
          {"created", to_rfc3339(token.created)},
          {"expires", json_of(token.expires)},
          {"last_used", json_of(token.last_used)}};
}

boost::json::object json_of(const RuleRecord& rule) {
  return {{"id", rule.id},     {"position", rule.position},           {"rule", rule.rule},
          {"note", rule.note}, {"created", to_rfc3339(rule.created)}, {"created_by", rule.created_by}};
}

Result<ListPart> read_list_part(const Exchange& exchange) {
  Result<PageQuery> query = read_page_query(exchange.request.query);
  if (!query) return std::unexpected(std::move(query.error()));
  ListPart part{.after = std::move(query->last)};
  // None would be an empty page that goes on for ever.
  if (query->count) part.limit = std::clamp<std::size_t>(*query->count, 1, kPageMost);
  return part;
}

void add_next_link(http::Response& response, const Exchange& exchange, std::string_view last, std::size_t limit) {
  const std::string_view target = exchange.request.target;
  const std::string count = std::to_string(limit);
  response.headers.add("Link", next_link(target.substr(0, target.find('?')), {{"last", last}, {"n", count}}));
}

Result<AccountName> name_in_path(std::string_view text, std::string_view what) {
  Result<AccountName> name = AccountName::parse(text);
  if (name) return name;
  // A name that is none is nobody's: so that a client which made a mistake hears 404 for both.
  return refuse(ErrorCode::not_found, fmt::format("{}: {}", what, name.error().message));
}

std::string author_of(const Exchange& exchange) {
  if (exchange.is_operator) return "control socket";
  const Identity& who = exchange.caller.identity();
  return who.kind == IdentityKind::robot ? std::string(kRobotPrefix) + who.name : who.name;
}

bool may_manage(const Exchange& exchange, const AccountName& user) {
  if (exchange.is_operator) return true;
  // Without access control nobody has proved to be anybody.
  if (exchange.caller.is_unrestricted()) return false;
  const Identity& who = exchange.caller.identity();
  // An access token makes no others, which could outlive it.
  const bool has_lasting_proof = who.can_refresh || who.proof == Proof::certificate;
  const bool is_himself = who.kind == IdentityKind::user && who.name == user.text() && !who.limit && has_lasting_proof;
  return is_himself || exchange.caller.may(AccessAction::admin, {});
}

std::unexpected<Error> refuse_others() {
  return refuse(ErrorCode::denied, "only the user with his password, or an administrator, may do this");
}

Result<std::vector<AccountRight>> read_rights(const std::vector<std::string>& texts, std::string_view field) {
  std::vector<AccountRight> rights;
  for (const std::string& text : texts) {
    std::expected<AccountRight, std::string> right = AccountRight::parse(text);
    if (!right) {
      return refuse(ErrorCode::request_invalid, fmt::format("{}[{}]: {}", field, rights.size(), right.error()),
                    {std::string(field)});
    }
    rights.push_back(*std::move(right));
  }
  return rights;
}

}  // namespace berth::admin
