#include "lifecycle/job_schedule.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/setting_binding.h"

namespace berth {
namespace {

struct FieldKind {
  std::string_view name;
  unsigned least;
  unsigned most;
};

enum Field : std::size_t { minute, hour, day_of_month, month, day_of_week };

constexpr std::array<FieldKind, 5> kKinds{FieldKind{"minute", 0, 59}, FieldKind{"hour", 0, 23},
                                          FieldKind{"day of month", 1, 31}, FieldKind{"month", 1, 12},
                                          FieldKind{"day of week", 0, 7}};
constexpr std::chrono::seconds kShortestInterval{1};
/// 29 February on a given day of the week comes at most this far away.
constexpr int kDaysToLookAt = 366 * 29;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<unsigned> number_of(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One element of a list: `*`, `5`, `1-5`, each with `/step` behind it.
bool read_element(std::string_view text, const FieldKind& kind, std::bitset<64>& field) {
  unsigned step = 1;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::optional<unsigned> given = number_of(text.substr(slash + 1));
    if (!given || *given == 0) return false;
    step = *given;
    text = text.substr(0, slash);
  }
  unsigned first = kind.least;
  unsigned last = kind.most;
  if (text != "*") {
    const std::size_t dash = text.find('-');
    const std::optional<unsigned> from = number_of(text.substr(0, dash));
    const std::optional<unsigned> to = dash == std::string_view::npos ? from : number_of(text.substr(dash + 1));
    if (!from || !to || *from < kind.least || *to > kind.most || *from > *to) return false;
    first = *from;
    last = *to;
  }
  for (unsigned value = first; value <= last; value += step) field.set(value);
  return true;
}

bool read_field(std::string_view text, const FieldKind& kind, std::bitset<64>& field) {
  for (const std::string_view element : split(text, ',')) {
    if (!read_element(element, kind, field)) return false;
  }
  return true;
}

}  // namespace

std::expected<JobSchedule, std::string> JobSchedule::parse(std::string_view text) {
  JobSchedule schedule;
  schedule.text_ = std::string(text);
  std::vector<std::string_view> words;
  for (const std::string_view word : split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.size() == 1) {
    const auto interval = parse_yaml_duration(words.front());
    const bool is_bare = number_of(words.front()).has_value();
    if (interval && !is_bare) {
      if (*interval < kShortestInterval) return std::unexpected("is shorter than 1s");
      schedule.interval_ = std::chrono::duration_cast<std::chrono::seconds>(*interval);
      return schedule;
    }
  }
  if (words.size() != kFieldCount) {
    return std::unexpected("\"" + schedule.text_ +
                           "\" is neither an interval (like 24h) nor five fields of cron (like 0 3 * * *)");
  }
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (read_field(words[i], kKinds.at(i), schedule.fields_.at(i))) continue;
    return std::unexpected("\"" + std::string(words[i]) + "\" is not a " + std::string(kKinds.at(i).name) + " (" +
                           std::to_string(kKinds.at(i).least) + " to " + std::to_string(kKinds.at(i).most) + ")");
  }
  std::bitset<64>& days = schedule.fields_[day_of_week];
  if (days.test(7)) days.set(0);
  schedule.is_any_day_of_month_ = words[day_of_month].starts_with('*');
  schedule.is_any_day_of_week_ = words[day_of_week].starts_with('*');
  // 31 February: it would never come.
  const WallTime some_day{std::chrono::sys_days(std::chrono::January / 1 / 2024)};
  if (schedule.next_after(some_day) == WallTime::max()) return std::unexpected("names a day that there is not");
  return schedule;
}

bool JobSchedule::is_day(std::chrono::year_month_day date) const {
  if (!fields_[month].test(static_cast<unsigned>(date.month()))) return false;
  const bool fits_month = fields_[day_of_month].test(static_cast<unsigned>(date.day()));
  const bool fits_week = fields_[day_of_week].test(std::chrono::weekday(std::chrono::sys_days(date)).c_encoding());
  // As in every cron: of two days that are both given, either.
  if (!is_any_day_of_month_ && !is_any_day_of_week_) return fits_month || fits_week;
  return fits_month && fits_week;
}

WallTime JobSchedule::next_after(WallTime now, std::optional<WallTime> last) const {
  if (interval_) return std::max(now, last.value_or(now) + *interval_);
  const WallTime from = std::chrono::floor<std::chrono::minutes>(now) + std::chrono::minutes(1);
  std::chrono::sys_days date = std::chrono::floor<std::chrono::days>(from);
  auto minutes = std::chrono::duration_cast<std::chrono::minutes>(from - date).count();
  for (int i = 0; i < kDaysToLookAt; ++i) {
    if (is_day(std::chrono::year_month_day(date))) {
      for (; minutes < 24 * 60; ++minutes) {
        const auto time = static_cast<std::size_t>(minutes);
        if (fields_[hour].test(time / 60) && fields_[minute].test(time % 60)) {
          return WallTime(date) + std::chrono::minutes(minutes);
        }
      }
    }
    date += std::chrono::days(1);
    minutes = 0;
  }
  return WallTime::max();
}

}  // namespace berth
