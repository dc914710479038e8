#include "auth/authorization_field.h"

#include <algorithm>

#include "content/base64.h"

namespace berth {
namespace {

using Parsed = std::optional<decltype(Credentials::what)>;

bool is_scheme(std::string_view word, std::string_view scheme) {
  return std::ranges::equal(
      word, scheme, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// RFC 7617: the first colon ends the name. Control characters are refused as it says; a NUL among them would cut a
// password short where a function in C reads it.
std::expected<Parsed, std::string> parse_basic(std::string_view encoded) {
  const std::optional<std::string> decoded = from_base64(encoded);
  if (!decoded) return std::unexpected("the Basic credentials are not base64");
  const bool has_control =
      std::ranges::any_of(*decoded, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  if (has_control) return std::unexpected("the Basic credentials hold a control character");
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::unexpected("the Basic credentials have no colon");
  if (decoded->size() == 1) return Parsed();
  if (colon == 0) return std::unexpected("the Basic credentials have no user name");
  return Parsed(BasicCredentials{.user = decoded->substr(0, colon), .password = decoded->substr(colon + 1)});
}

bool is_token68(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::expected<Parsed, std::string> parse_authorization(std::string_view field) {
  if (field.size() > kLongestAuthorizationField) return std::unexpected("the Authorization field is too long");
  field = trimmed(field);
  if (field.empty()) return Parsed();
  const std::size_t space = field.find(' ');
  const std::string_view scheme = field.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? std::string_view() : trimmed(field.substr(space));
  if (is_scheme(scheme, "basic")) return parse_basic(rest);
  if (is_scheme(scheme, "bearer")) {
    if (!is_token68(rest)) return std::unexpected("the Bearer token has characters that no token has");
    return Parsed(BearerCredentials{.token = std::string(rest)});
  }
  return Parsed(OtherCredentials{});
}

}  // namespace berth
