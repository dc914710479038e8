#include "base/rfc3339.h"

#include <fmt/format.h>

#include <chrono>

namespace berth {
namespace {

using namespace std::chrono;

/// Takes characters off a text as long as they fit.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool is_good() const { return is_good_; }
  bool is_at_end() const { return rest_.empty(); }

  /// Exactly so many digits.
  unsigned number(std::size_t digits) {
    unsigned value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    return value;
  }
  void letter(char one, char other) {
    if (!rest_.empty() && (rest_.front() == one || rest_.front() == other)) {
      rest_.remove_prefix(1);
    } else {
      is_good_ = false;
    }
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// ".25": one to nine digits, cut to microseconds.
  microseconds fraction() {
    std::int64_t value = 0;
    std::int64_t unit = 1'000'000;
    std::size_t digits = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      const unsigned next = digit();
      unit /= 10;
      value += next * unit;
      ++digits;
    }
    is_good_ = is_good_ && digits >= 1 && digits <= 9;
    return microseconds(value);
  }

 private:
  unsigned digit() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') {
      is_good_ = false;
      return 0;
    }
    const auto value = static_cast<unsigned>(rest_.front() - '0');
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

}  // namespace

std::string to_rfc3339(WallTime time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string to_exact_rfc3339(WallTime time) {
  std::string text = to_rfc3339(time);
  text.pop_back();
  return text + fmt::format(".{:06}Z", (time - floor<seconds>(time)).count());
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  const unsigned years = reader.number(4);
  reader.letter('-', '-');
  const unsigned months = reader.number(2);
  reader.letter('-', '-');
  const unsigned month_days = reader.number(2);
  reader.letter('T', 't');
  const unsigned of_day = reader.number(2);
  reader.letter(':', ':');
  const unsigned of_hour = reader.number(2);
  reader.letter(':', ':');
  const unsigned of_minute = reader.number(2);
  const microseconds fraction = reader.take('.') ? reader.fraction() : microseconds(0);
  minutes offset{0};
  const bool is_ahead = reader.take('+');
  if (is_ahead || reader.take('-')) {
    const unsigned offset_hours = reader.number(2);
    reader.letter(':', ':');
    const unsigned offset_minutes = reader.number(2);
    if (offset_hours > 23 || offset_minutes > 59) return std::nullopt;
    offset = hours(offset_hours) + minutes(offset_minutes);
    if (!is_ahead) offset = -offset;
  } else {
    reader.letter('Z', 'z');
  }
  const year_month_day date(year(static_cast<int>(years)), month(months), day(month_days));
  // A leap second is read as the first of the next minute.
  if (!reader.is_good() || !reader.is_at_end() || !date.ok() || of_day > 23 || of_hour > 59 || of_minute > 60) {
    return std::nullopt;
  }
  const WallTime time = sys_days(date) + hours(of_day) + minutes(of_hour) + seconds(of_minute) + fraction - offset;
  if (time < WallTime()) return std::nullopt;
  return time;
}

}  // namespace berth
