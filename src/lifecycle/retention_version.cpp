#include "lifecycle/retention_version.h"

#include <algorithm>

namespace berth {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_identifier_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

bool is_semver_number(std::string_view text) {
  return is_number(text) && (text.size() == 1 || text.front() != '0');
}

bool is_identifier(std::string_view text) {
  if (is_number(text)) return is_semver_number(text);
  return !text.empty() && std::ranges::all_of(text, is_identifier_character);
}

std::vector<std::string> split_at_dots(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t dot = text.find('.');
    parts.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

// Neither has a leading zero, so the longer is the larger.
std::weak_ordering compare_numbers(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

std::weak_ordering compare_identifiers(const std::string& a, const std::string& b) {
  const bool is_a_number = is_number(a);
  const bool is_b_number = is_number(b);
  if (is_a_number && is_b_number) return compare_numbers(a, b);
  if (is_a_number != is_b_number) return is_a_number ? std::weak_ordering::less : std::weak_ordering::greater;
  return a <=> b;
}

}  // namespace

std::optional<TagVersion> TagVersion::parse(std::string_view tag) {
  if (tag.starts_with('v') || tag.starts_with('V')) tag.remove_prefix(1);
  if (const std::size_t build = tag.find('_'); build != std::string_view::npos) {
    const auto identifiers = split_at_dots(tag.substr(build + 1));
    const bool is_build = std::ranges::all_of(identifiers, [](const std::string& text) {
      return !text.empty() && std::ranges::all_of(text, is_identifier_character);
    });
    if (!is_build) return std::nullopt;
    tag = tag.substr(0, build);
  }
  TagVersion version;
  if (const std::size_t dash = tag.find('-'); dash != std::string_view::npos) {
    version.pre_release_ = split_at_dots(tag.substr(dash + 1));
    if (!std::ranges::all_of(version.pre_release_, is_identifier)) return std::nullopt;
    tag = tag.substr(0, dash);
  }
  std::vector<std::string> numbers = split_at_dots(tag);
  if (numbers.size() < 2 || numbers.size() > version.numbers_.size()) return std::nullopt;
  if (!std::ranges::all_of(numbers, is_semver_number)) return std::nullopt;
  std::ranges::move(numbers, version.numbers_.begin());
  return version;
}

std::weak_ordering TagVersion::operator<=>(const TagVersion& other) const {
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    const std::weak_ordering order = compare_numbers(numbers_.at(i), other.numbers_.at(i));
    if (order != 0) return order;
  }
  if (pre_release_.empty() || other.pre_release_.empty()) {
    return static_cast<int>(pre_release_.empty()) <=> static_cast<int>(other.pre_release_.empty());
  }
  const std::size_t shared = std::min(pre_release_.size(), other.pre_release_.size());
  for (std::size_t i = 0; i < shared; ++i) {
    const std::weak_ordering order = compare_identifiers(pre_release_[i], other.pre_release_[i]);
    if (order != 0) return order;
  }
  return pre_release_.size() <=> other.pre_release_.size();
}

}  // namespace berth
