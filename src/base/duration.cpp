#include "base/duration.h"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace berth {
namespace {

constexpr std::uint64_t kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

// Longer names first where one is the beginning of another ("ms" before "m").
constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"\xC2\xB5s", 1'000},  // micro sign
                                      {"\xCE\xBCs", 1'000},  // Greek mu, which Go takes too
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<Unit> take_unit(std::string_view& rest) {
  for (const Unit& unit : kUnits) {
    if (rest.starts_with(unit.name)) {
      rest.remove_prefix(unit.name.size());
      return unit;
    }
  }
  return std::nullopt;
}

/// The number at the start of `rest` times its unit.
std::optional<std::uint64_t> take_term(std::string_view& rest) {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;
  std::uint64_t scale = 1;
  bool has_digits = false;
  for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1)) {
    has_digits = true;
    if (__builtin_mul_overflow(whole, 10U, &whole)) return std::nullopt;
    if (__builtin_add_overflow(whole, static_cast<std::uint64_t>(rest.front() - '0'), &whole)) return std::nullopt;
  }
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1)) {
      has_digits = true;
      // Digits past the twelfth are below a nanosecond whatever the unit.
      if (scale >= 1'000'000'000'000) continue;
      fraction = fraction * 10 + static_cast<std::uint64_t>(rest.front() - '0');
      scale *= 10;
    }
  }
  if (!has_digits) return std::nullopt;
  const std::optional<Unit> unit = take_unit(rest);
  if (!unit) return std::nullopt;
  std::uint64_t value = 0;
  if (__builtin_mul_overflow(whole, unit->nanoseconds, &value)) return std::nullopt;
  const auto part =
      static_cast<std::uint64_t>(static_cast<long double>(fraction) * static_cast<long double>(unit->nanoseconds) /
                                 static_cast<long double>(scale));
  if (__builtin_add_overflow(value, part, &value) || value > kLimit) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  bool is_negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    is_negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const std::optional<std::uint64_t> term = take_term(text);
    if (!term) return std::nullopt;
    total += *term;
    if (total > kLimit) return std::nullopt;
  }
  const auto value = static_cast<std::int64_t>(total);
  return std::chrono::nanoseconds(is_negative ? -value : value);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  constexpr std::array<Unit, 6> kDescending{{{"h", 3'600'000'000'000},
                                             {"m", 60'000'000'000},
                                             {"s", 1'000'000'000},
                                             {"ms", 1'000'000},
                                             {"us", 1'000},
                                             {"ns", 1}}};
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  std::string text = count < 0 ? "-" : "";
  // Two's complement has one more negative value than positive ones.
  std::uint64_t rest = count < 0 ? ~static_cast<std::uint64_t>(count) + 1 : static_cast<std::uint64_t>(count);
  for (const Unit& unit : kDescending) {
    if (rest < unit.nanoseconds) continue;
    text += std::to_string(rest / unit.nanoseconds);
    text += unit.name;
    rest %= unit.nanoseconds;
  }
  return text;
}

}  // namespace berth
