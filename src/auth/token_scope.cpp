#include "auth/token_scope.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace berth {
namespace {

constexpr std::size_t kMostScopes = 100;
constexpr std::size_t kMostActions = 10;
constexpr std::size_t kLongestWord = 300;

bool is_word(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= kLongestWord && std::ranges::all_of(text, [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || more.find(c) != more.npos;
  });
}

std::optional<TokenScope> parse_one(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  TokenScope scope{.type = std::string(text.substr(0, first)),
                   .name = std::string(text.substr(first + 1, last - first - 1)),
                   .actions = {}};
  // A class may follow the type: "repository(plugin)".
  if (!is_word(scope.type, "()") || !is_word(scope.name, "._-/:")) return std::nullopt;
  std::string_view rest = text.substr(last + 1);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string action(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!is_word(action, "*") || scope.actions.size() == kMostActions) return std::nullopt;
    if (std::ranges::find(scope.actions, action) == scope.actions.end()) scope.actions.push_back(action);
  }
  return scope;
}

void merge(std::vector<TokenScope>& scopes, TokenScope scope) {
  for (TokenScope& known : scopes) {
    if (known.type != scope.type || known.name != scope.name) continue;
    for (std::string& action : scope.actions) {
      if (known.actions.size() == kMostActions) return;
      if (std::ranges::find(known.actions, action) == known.actions.end()) known.actions.push_back(std::move(action));
    }
    return;
  }
  if (scopes.size() < kMostScopes) scopes.push_back(std::move(scope));
}

}  // namespace

std::vector<TokenScope> parse_token_scopes(std::string_view text) {
  std::vector<TokenScope> scopes;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (std::optional<TokenScope> scope = parse_one(text.substr(0, space))) merge(scopes, std::move(*scope));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return scopes;
}

std::string to_string(const std::vector<TokenScope>& scopes) {
  std::string text;
  for (const TokenScope& scope : scopes) {
    if (!text.empty()) text += ' ';
    text += scope.type + ":" + scope.name + ":";
    for (const std::string& action : scope.actions) {
      if (text.back() != ':') text += ',';
      text += action;
    }
  }
  return text;
}

}  // namespace berth
