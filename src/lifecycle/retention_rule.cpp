#include "lifecycle/retention_rule.h"

#include <algorithm>

#include "content/printable.h"
#include "lifecycle/retention_rule_fields.h"

namespace berth {
namespace {

constexpr std::size_t kLongestType = 255;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// A comma separates the types of a rule's text.
bool may_stand_in_type(char c) {
  return c > ' ' && c < '\x7f' && c != ',';
}

}  // namespace

std::expected<TypePattern, std::string> TypePattern::parse(std::string_view text) {
  const bool is_pattern = !text.empty() && text.size() <= kLongestType && std::ranges::all_of(text, may_stand_in_type);
  if (is_pattern) return TypePattern(std::string(text));
  return std::unexpected("\"" + printable(text) + "\" is not a type pattern (like application/vnd.cncf.helm.*)");
}

// When the rest does not fit, the last `*` takes one more character; an earlier one never has to move again.
bool TypePattern::matches(std::string_view type) const {
  std::size_t at = 0;
  std::size_t want = 0;
  std::size_t star_at = 0;
  std::size_t star_want = std::string_view::npos;
  while (at < type.size()) {
    if (want < text_.size() && text_[want] == '*') {
      star_want = ++want;
      star_at = at;
    } else if (want < text_.size() && text_[want] == type[at]) {
      ++want;
      ++at;
    } else if (star_want != std::string_view::npos) {
      at = ++star_at;
      want = star_want;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(std::string_view(text_).substr(want), [](char c) { return c == '*'; });
}

bool is_retention_name(std::string_view text) {
  return !text.empty() && text.size() <= RetentionLimits::kNameBytes && std::ranges::all_of(text, is_name_character);
}

std::string_view to_string(RetentionAction action) {
  switch (action) {
    case RetentionAction::keep:
      return "keep";
    case RetentionAction::remove:
      return "delete";
    case RetentionAction::protect:
      return "protect";
  }
  return {};
}

std::string RetentionRule::text() const {
  std::string text(to_string(action));
  for (const RetentionField& field : retention_fields()) {
    std::string_view separator = " ";
    for (const std::string& value : field.write(*this)) {
      if (separator == " ") text.append(" ").append(field.key);
      text.append(separator).append(value);
      separator = ",";
    }
  }
  return text;
}

}  // namespace berth
