#include "lifecycle/job_schedule.h"

#include <gtest/gtest.h>

#include "base/rfc3339.h"

namespace berth {
namespace {

std::string next(std::string_view schedule, std::string_view now) {
  const auto parsed = JobSchedule::parse(schedule);
  if (!parsed) return parsed.error();
  return to_rfc3339(parsed->next_after(parse_rfc3339(now).value()));
}

TEST(JobSchedule, AnIntervalCountsFromNow) {
  EXPECT_EQ(next("6h", "2026-01-01T12:34:56Z"), "2026-01-01T18:34:56Z");
  EXPECT_EQ(next("1m", "2026-01-01T12:34:56Z"), "2026-01-01T12:35:56Z");
}

TEST(JobSchedule, AnIntervalCountsFromTheLastRun) {
  const JobSchedule schedule = JobSchedule::parse("1h").value();
  const WallTime now = parse_rfc3339("2026-01-01T12:00:00Z").value();
  EXPECT_EQ(schedule.next_after(now, now - std::chrono::minutes(20)), now + std::chrono::minutes(40));
  EXPECT_EQ(schedule.next_after(now, now - std::chrono::hours(5)), now);
}

TEST(JobSchedule, FieldsOfCron) {
  const struct {
    const char* schedule;
    const char* now;
    const char* next;
  } kCases[] = {
      {"0 3 * * *", "2026-01-01T02:59:59Z", "2026-01-01T03:00:00Z"},
      {"0 3 * * *", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"},
      {"*/15 * * * *", "2026-01-01T23:46:00Z", "2026-01-02T00:00:00Z"},
      {"5,35 8-9 * * *", "2026-01-01T08:05:00Z", "2026-01-01T08:35:00Z"},
      {"5,35 8-9 * * *", "2026-01-01T09:36:00Z", "2026-01-02T08:05:00Z"},
      {"0 0 1 * *", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"},
      {"0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"},
      {"0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},
      {"0 4 * * 0", "2026-01-01T00:00:00Z", "2026-01-04T04:00:00Z"},
      {"0 4 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T04:00:00Z"},
      {"0 4 * * 1-5", "2026-01-02T05:00:00Z", "2026-01-05T04:00:00Z"},
      {"0 0 13 * 5", "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z"},  // the 13th, or a Friday
      {"0  0 1 1 *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
      {"10-40/10 0 * * *", "2026-01-01T00:21:00Z", "2026-01-01T00:30:00Z"},
  };
  for (const auto& each : kCases) EXPECT_EQ(next(each.schedule, each.now), each.next) << each.schedule;
}

TEST(JobSchedule, RefusesWhatIsNone) {
  for (const char* text : {"",           "often",       "3600",       "500ms",       "-1h",
                           "* * * *",    "* * * * * *", "60 * * * *", "* 24 * * *",  "* * 0 * *",
                           "* * 32 * *", "* * * 13 *",  "* * * * 8",  "5-1 * * * *", "*/0 * * * *",
                           "1, * * * *", "a * * * *",   "0 0 31 2 *", "1-x * * * *", "1/ * * * *"}) {
    EXPECT_FALSE(JobSchedule::parse(text)) << text;
  }
}

}  // namespace
}  // namespace berth
