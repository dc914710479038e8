// Answers of the admin API: records as JSON, pages of them, and who may look after whose tokens.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/exchange.h"
#include "api/page_query.h"
#include "auth/account_right.h"
#include "base/clock.h"
#include "metadata/account_records.h"

namespace berth::admin {

inline constexpr std::size_t kPageDefault = 100;
inline constexpr std::size_t kPageMost = 1000;

http::Response json_response(unsigned status, const boost::json::object& body);
/// 204.
http::Response done_response();

boost::json::object json_of(const UserRecord& user);
boost::json::object json_of(const GroupRecord& group);
boost::json::object json_of(const RobotRecord& robot);
boost::json::object json_of(const TokenRecord& token);
boost::json::object json_of(const RuleRecord& rule);
/// RFC 3339, or null.
boost::json::value json_of(const std::optional<WallTime>& time);
boost::json::array json_of(const std::vector<std::string>& texts);

/// Which part of a list is asked for: ?n= and ?last=.
struct ListPart {
  std::optional<std::string> after;
  std::size_t limit = kPageDefault;
};
Result<ListPart> read_list_part(const Exchange& exchange);
/// Link to the entries behind `last` of a list that goes on.
void add_next_link(http::Response& response, const Exchange& exchange, std::string_view last, std::size_t limit);

/// The path's last {...}, or the one before it, as a name: refusals name what it is of ("user: ...").
Result<AccountName> name_in_path(std::string_view text, std::string_view what);

/// A name out of the query; a refusal names the field.
template <class Name>
Result<Name> name_in_query(const Exchange& exchange, std::string_view field) {
  Result<Name> name = Name::parse(exchange.request.query.find(field).value_or(""));
  if (name) return name;
  return refuse(ErrorCode::request_invalid, std::string(field) + ": " + name.error().message, {std::string(field)});
}

/// Who asks, for logs and "created by".
std::string author_of(const Exchange& exchange);
/// An administrator, or the user himself with all of his rights: whoever holds less than a password must not make
/// himself something that lasts longer.
bool may_manage(const Exchange& exchange, const AccountName& user);
std::unexpected<Error> refuse_others();

/// Texts as rights; a refusal names the field and the element.
Result<std::vector<AccountRight>> read_rights(const std::vector<std::string>& texts, std::string_view field);

}  // namespace berth::admin
