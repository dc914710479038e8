#include "api/admin/expiry.h"

#include <charconv>
#include <chrono>

#include "base/duration.h"
#include "base/rfc3339.h"
#include "content/printable.h"

namespace berth::admin {
namespace {

constexpr std::chrono::hours kLongest{24 * 365 * 100};

/// "90d", "2w".
std::optional<std::chrono::nanoseconds> parse_days(std::string_view text) {
  if (text.size() < 2 || (text.back() != 'd' && text.back() != 'w')) return std::nullopt;
  unsigned count = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || stop != end || count > 100'000) return std::nullopt;
  return std::chrono::days(std::int64_t{count} * (text.back() == 'w' ? 7 : 1));
}

}  // namespace

std::expected<std::optional<WallTime>, std::string> parse_expiry(std::string_view text, WallTime now) {
  if (text == "never") return std::nullopt;
  if (const std::optional<WallTime> time = parse_rfc3339(text)) return time;
  std::optional<std::chrono::nanoseconds> span = parse_days(text);
  if (!span) span = parse_duration(text);
  if (!span)
    return std::unexpected("\"" + printable(text) + "\" is no expiry (like 90d, 12h, never or 2027-03-01T00:00:00Z)");
  if (*span <= std::chrono::nanoseconds(0)) return std::unexpected("\"" + printable(text) + "\" is over at once");
  if (*span > kLongest) return std::unexpected("\"" + printable(text) + "\" is longer than a century; say never");
  return now + std::chrono::duration_cast<std::chrono::microseconds>(*span);
}

}  // namespace berth::admin
