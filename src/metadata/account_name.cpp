#include "metadata/account_name.h"

#include <algorithm>

#include "content/printable.h"

namespace berth {
namespace {

constexpr std::size_t kLongestName = 128;

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool continues_name(char c) {
  return begins_name(c) || c == '.' || c == '@' || c == '+' || c == '-';
}

}  // namespace

Result<AccountName> AccountName::parse(std::string_view text) {
  if (text.empty() || text.size() > kLongestName || !begins_name(text.front()) ||
      !std::ranges::all_of(text, continues_name)) {
    return refuse(ErrorCode::request_invalid,
                  "\"" + printable(text) +
                      "\" is not a name: a letter, digit or _, then letters, digits and ._@+-, at most 128 in all");
  }
  return AccountName(std::string(text));
}

}  // namespace berth
