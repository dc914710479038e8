// JobSchedule: when a job begins by itself: at an interval, or at the times that five fields of cron name.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace berth {

/// `6h` (at least one second), or minute, hour, day of month, month, day of week in UTC, as cron has them: numbers,
/// `*`, ranges `1-5`, steps `*/15`, lists `0,30`; Sunday is 0 or 7. Where both days are given either suffices.
class JobSchedule {
 public:
  /// The value, or the reason why it is none.
  static std::expected<JobSchedule, std::string> parse(std::string_view text);

  /// The first time after `now`. With an interval: that long after the last run began, or `now` if that is over;
  /// without a last run that long after `now`.
  WallTime next_after(WallTime now, std::optional<WallTime> last = std::nullopt) const;
  const std::string& text() const { return text_; }

 private:
  static constexpr std::size_t kFieldCount = 5;
  using Fields = std::array<std::bitset<64>, kFieldCount>;

  JobSchedule() = default;
  bool is_day(std::chrono::year_month_day date) const;

  std::string text_;
  std::optional<std::chrono::seconds> interval_;
  Fields fields_ = {};
  bool is_any_day_of_month_ = true;
  bool is_any_day_of_week_ = true;
};

}  // namespace berth
