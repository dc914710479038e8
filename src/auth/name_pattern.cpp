#include "auth/name_pattern.h"

#include <algorithm>

#include "content/printable.h"

namespace berth {
namespace {

constexpr std::size_t kLongestPattern = 255;  // no name is longer

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool may_stand_in_repository(char c) {
  return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-' || c == '/' || c == '*';
}

bool may_stand_in_tag(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-' || c == '*';
}

std::unexpected<std::string> not_a_pattern(std::string_view text, std::string_view why) {
  return std::unexpected("\"" + printable(text) + "\" " + std::string(why));
}

}  // namespace

NamePattern::NamePattern(std::string text)
    : text_(std::move(text)), literal_size_(std::min(text_.find('*'), text_.size())) {}

std::expected<NamePattern, std::string> NamePattern::parse_repository(std::string_view text) {
  if (text.empty()) return not_a_pattern(text, "is not a repository pattern (like team/**)");
  if (text.size() > kLongestPattern) return not_a_pattern(text, "is longer than any repository name");
  if (!std::ranges::all_of(text, may_stand_in_repository)) {
    return not_a_pattern(text, "has a character that no repository name has (they are lower case)");
  }
  if (text.front() == '/' || text.back() == '/' || text.find("//") != std::string_view::npos) {
    return not_a_pattern(text, "has an empty segment, which no repository name has");
  }
  if (text.find("***") != std::string_view::npos) return not_a_pattern(text, "has more than two * in a row");
  return NamePattern(std::string(text));
}

std::expected<NamePattern, std::string> NamePattern::parse_tag(std::string_view text) {
  if (text.empty()) return not_a_pattern(text, "is not a tag pattern (like v*)");
  if (text.size() > 128) return not_a_pattern(text, "is longer than any tag");
  if (!std::ranges::all_of(text, may_stand_in_tag)) return not_a_pattern(text, "has a character that no tag has");
  if (text.find("***") != std::string_view::npos) return not_a_pattern(text, "has more than two * in a row");
  return NamePattern(std::string(text));
}

// Walks name and pattern together and remembers the last `*` and the last `**`: when the rest does not fit, the nearer
// of them takes one more character. A `*` gives up at a slash, a `**` at the end. An earlier star never has to move
// again, since what came after it has matched as early as it could.
bool NamePattern::matches(std::string_view name) const {
  const std::string_view pattern = text_;
  if (name.size() < literal_size_ || !name.starts_with(literal_prefix())) return false;
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t at = literal_size_;    // in the name
  std::size_t want = literal_size_;  // in the pattern
  std::size_t star_at = kNone;
  std::size_t star_want = 0;
  std::size_t stars_at = kNone;
  std::size_t stars_want = 0;
  while (at < name.size() || want < pattern.size()) {
    if (want < pattern.size() && pattern[want] == '*') {
      if (want + 1 < pattern.size() && pattern[want + 1] == '*') {
        const bool is_at_segment = want == 0 || pattern[want - 1] == '/';
        want += 2;
        stars_at = at;
        stars_want = want;
        star_at = kNone;
        // `**/`: nothing, or whole segments.
        if (is_at_segment && want < pattern.size() && pattern[want] == '/') ++want;
      } else {
        ++want;
        star_at = at;
        star_want = want;
      }
      continue;
    }
    if (at < name.size() && want < pattern.size() && pattern[want] == name[at]) {
      ++at;
      ++want;
      continue;
    }
    if (star_at != kNone && star_at < name.size() && name[star_at] != '/') {
      at = ++star_at;
      want = star_want;
      continue;
    }
    if (stars_at != kNone && stars_at < name.size()) {
      at = ++stars_at;
      want = stars_want;
      star_at = kNone;
      continue;
    }
    return false;
  }
  return true;
}

}  // namespace berth
