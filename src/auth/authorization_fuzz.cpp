// Fuzzes what callers write about themselves: the Authorization field, scopes of tokens, and the patterns of rules.
// What is accepted must write itself back, and a refusal has words that can stand in a log.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "auth/access_rule.h"
#include "auth/authorization_field.h"
#include "auth/name_pattern.h"
#include "auth/token_scope.h"
#include "content/base64.h"
#include "tests/support/require.h"

namespace berth {
namespace {

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

void check_basic(const BasicCredentials& basic) {
  require(!basic.user.empty() && basic.user.find(':') == basic.user.npos, "a user's name has no colon");
  require(is_printable(basic.user) && is_printable(basic.password), "a control character in a name or password");
  const std::string pair = basic.user + ":" + basic.password;
  const auto again = parse_authorization("bAsIc " + to_base64(std::as_bytes(std::span(pair))));
  require(again && *again, "what was read can be written");
  const auto* same = std::get_if<BasicCredentials>(&**again);
  require(same != nullptr && same->user == basic.user && same->password == basic.password, "and is the same then");
}

void check_field(std::string_view text) {
  const auto parsed = parse_authorization(text);
  if (!parsed) {
    require(!parsed.error().empty() && parsed.error().size() < 200 && is_printable(parsed.error()),
            "a refusal's words");
    return;
  }
  require(text.size() <= kLongestAuthorizationField, "a field that is too long");
  if (!*parsed) return;
  if (const auto* basic = std::get_if<BasicCredentials>(&**parsed)) check_basic(*basic);
  if (const auto* bearer = std::get_if<BearerCredentials>(&**parsed)) {
    require(!bearer->token.empty() && bearer->token.find_first_of(" \t,\"") == bearer->token.npos, "a token is a word");
    require(text.find(bearer->token) != text.npos, "a token is part of the field");
  }
}

void check_scopes(std::string_view text) {
  const std::vector<TokenScope> scopes = parse_token_scopes(text);
  require(scopes.size() <= 100, "the number of scopes");
  const std::string written = to_string(scopes);
  require(written.find_first_of("\"\\") == written.npos && is_printable(written), "scopes can stand between quotes");
  require(to_string(parse_token_scopes(written)) == written, "scopes write themselves back");
}

void check_subject(std::string_view text) {
  const auto subject = AccessSubject::parse(text);
  if (subject) require(subject->text() == text && is_printable(text), "a subject writes itself back");
  if (!subject) require(!subject.error().empty() && is_printable(subject.error()), "a refusal's words");
}

// The slow reading of a pattern from `at` on, one character after the other; for short ones, since it takes all ways
// there are.
bool matches_slowly(std::string_view pattern, std::size_t at, std::string_view name) {
  const std::string_view rest = pattern.substr(at);
  if (rest.empty()) return name.empty();
  const bool is_at_segment = at == 0 || pattern[at - 1] == '/';
  if (is_at_segment && rest.starts_with("**/") && matches_slowly(pattern, at + 3, name)) return true;
  if (rest.starts_with("**")) {
    for (std::size_t taken = 0; taken <= name.size(); ++taken) {
      if (matches_slowly(pattern, at + 2, name.substr(taken))) return true;
    }
    return false;
  }
  if (rest.front() == '*') {
    return matches_slowly(pattern, at + 1, name) ||
           (!name.empty() && name.front() != '/' && matches_slowly(pattern, at, name.substr(1)));
  }
  return !name.empty() && name.front() == rest.front() && matches_slowly(pattern, at + 1, name.substr(1));
}

/// The text up to its first line break is a pattern, what follows a name.
void check_patterns(std::string_view text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view name = text.substr(std::min(end + 1, text.size()));
  for (const auto& pattern :
       {NamePattern::parse_repository(text.substr(0, end)), NamePattern::parse_tag(text.substr(0, end))}) {
    if (!pattern) {
      require(is_printable(pattern.error()), "a refusal's words");
      continue;
    }
    require(pattern->text() == text.substr(0, end), "a pattern writes itself back");
    if (pattern->matches(name)) require(name.starts_with(pattern->literal_prefix()), "what all matches begin with");
    if (pattern->is_literal()) require(pattern->matches(name) == (pattern->text() == name), "one name");
    const bool is_short = end <= 16 && name.size() <= 16;
    const bool has_empty_segment = name.starts_with('/') || name.find("//") != name.npos;  // no name has
    if (is_short && !has_empty_segment)
      require(pattern->matches(name) == matches_slowly(pattern->text(), 0, name), "the slow reading agrees");
  }
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  berth::check_field(text);
  berth::check_field("Basic " + berth::to_base64(std::as_bytes(std::span(text))));
  berth::check_scopes(text);
  berth::check_subject(text);
  berth::check_patterns(text);
  return 0;
}
