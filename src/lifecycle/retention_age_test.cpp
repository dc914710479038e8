#include "lifecycle/retention_age.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace berth {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

TEST(RetentionAge, ReadsDaysWeeksAndDurations) {
  EXPECT_EQ(parse_age("30d"), seconds(days(30)));
  EXPECT_EQ(parse_age("2w"), seconds(days(14)));
  EXPECT_EQ(parse_age("36h"), seconds(hours(36)));
  EXPECT_EQ(parse_age("1h30m"), seconds(5400));
  EXPECT_EQ(parse_age("0"), seconds(0));
  EXPECT_EQ(parse_age("36500d"), seconds(days(36'500)));
}

TEST(RetentionAge, RefusesTheRest) {
  for (const char* text : {"", "d", "abc", "30", "1.5d", "-1d", "+1d", "1d12h", "30 d", "500ms", "4294967296d"}) {
    ASSERT_FALSE(parse_age(text)) << text;
    EXPECT_NE(parse_age(text).error().find("is not a duration (like 30d)"), std::string::npos) << text;
  }
  EXPECT_EQ(parse_age("-1h").error(), "\"-1h\" is negative");
  EXPECT_EQ(parse_age("36501d").error(), "\"36501d\" is more than 36500d");
  EXPECT_EQ(parse_age("4294967295w").error(), "\"4294967295w\" is more than 36500d");
}

TEST(RetentionAge, WritesWhatItReads) {
  for (const char* text : {"0s", "30d", "36h", "1h30m", "1s"}) EXPECT_EQ(format_age(parse_age(text).value()), text);
  EXPECT_EQ(format_age(parse_age("48h").value()), "2d");
  EXPECT_EQ(format_age(parse_age("1w").value()), "7d");
}

}  // namespace
}  // namespace berth
