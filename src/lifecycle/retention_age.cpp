#include "lifecycle/retention_age.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/duration.h"
#include "content/printable.h"

namespace berth {
namespace {

constexpr std::chrono::seconds kDay{24 * 3600};
constexpr std::chrono::seconds kLongest = 36'500 * kDay;

/// "30" of "30d" and "2w", times the unit.
std::optional<std::chrono::seconds> parse_days(std::string_view text) {
  if (!text.ends_with('d') && !text.ends_with('w')) return std::nullopt;
  const std::string_view digits = text.substr(0, text.size() - 1);
  std::uint32_t count = 0;
  const auto [stopped, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (fault != std::errc() || stopped != digits.data() + digits.size()) return std::nullopt;
  return count * (text.ends_with('d') ? kDay : 7 * kDay);
}

std::optional<std::chrono::seconds> parse_whole_seconds(std::string_view text) {
  const std::optional<std::chrono::nanoseconds> duration = parse_duration(text);
  if (!duration) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*duration);
  if (seconds != *duration) return std::nullopt;
  return seconds;
}

}  // namespace

std::expected<std::chrono::seconds, std::string> parse_age(std::string_view text) {
  std::optional<std::chrono::seconds> age = parse_days(text);
  if (!age) age = parse_whole_seconds(text);
  const std::string quoted = "\"" + printable(text) + "\"";
  if (!age) return std::unexpected(quoted + " is not a duration (like 30d)");
  if (*age < std::chrono::seconds(0)) return std::unexpected(quoted + " is negative");
  if (*age > kLongest) return std::unexpected(quoted + " is more than 36500d");
  return *age;
}

std::string format_age(std::chrono::seconds age) {
  if (age.count() != 0 && age % kDay == std::chrono::seconds(0)) return std::to_string(age / kDay) + "d";
  return format_duration(age);
}

}  // namespace berth
