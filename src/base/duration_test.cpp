#include "base/duration.h"

#include <gtest/gtest.h>

#include <limits>

namespace berth {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsWhatGoReads) {
  EXPECT_EQ(parse_duration("168h"), 168h);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1h0m0s"), 1h);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration(".5h"), 30min);
  EXPECT_EQ(parse_duration("1.s"), 1s);
  EXPECT_EQ(parse_duration("7us"), 7us);
  EXPECT_EQ(parse_duration("7\xC2\xB5s"), 7us);
  EXPECT_EQ(parse_duration("7\xCE\xBCs"), 7us);
  EXPECT_EQ(parse_duration("9ns"), 9ns);
  EXPECT_EQ(parse_duration("-2s"), -2s);
  EXPECT_EQ(parse_duration("+2s"), 2s);
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_EQ(parse_duration("0.1000000000000000000000001s"), 100ms);
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text : {"", "-", "5", "1.5", "s", ".s", "1x", "1s ", " 1s", "1d", "1h-2m", "abc", "--1s", "1S",
                           "99999999h", "99999999999999999999s", "9223372036854775808ns", "2562047h1000m", "1e3s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(FormatDuration, GivesTextThatReadsBack) {
  EXPECT_EQ(format_duration(168h), "168h");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(1500ms), "1s500ms");
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(-2s), "-2s");
  const auto longest = std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_duration(format_duration(longest)), longest);
}

}  // namespace
}  // namespace berth
