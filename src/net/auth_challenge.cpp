#include "net/auth_challenge.h"

#include <algorithm>

namespace berth {
namespace {

std::string lower(std::string_view text) {
  std::string small;
  for (const char c : text) {
    if (c != ' ' && c != ',' && c != '\t') small += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return small;
}

/// The value that `rest` begins with, quoted or not, taken off.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    value = rest.substr(0, end);
    rest.remove_prefix(end);
    return value;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    value += rest[at];
  }
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return value;
}

}  // namespace

AuthChallenge parse_auth_challenge(std::string_view field) {
  AuthChallenge challenge;
  const std::size_t space = std::min(field.find(' '), field.size());
  challenge.scheme = lower(field.substr(0, space));
  std::string_view rest = field.substr(space);
  while (!rest.empty()) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) break;
    std::string name = lower(rest.substr(0, equals));
    rest.remove_prefix(equals + 1);
    challenge.parameters[std::move(name)] = take_value(rest);
  }
  return challenge;
}

std::optional<std::string> next_page_of(std::string_view link) {
  const std::size_t end = link.find('>');
  if (!link.starts_with('<') || end == std::string_view::npos) return std::nullopt;
  if (link.substr(end).find("next") == std::string_view::npos) return std::nullopt;
  return std::string(link.substr(1, end - 1));
}

}  // namespace berth
