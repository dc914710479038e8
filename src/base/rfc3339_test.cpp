#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

std::string again(std::string_view text) {
  const std::optional<WallTime> time = parse_rfc3339(text);
  return time ? to_rfc3339(*time) : "none";
}

}  // namespace

TEST(Rfc3339, ReadsWhatItWrites) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2027-03-01T09:30:00Z", "9999-12-31T23:59:59Z"}) {
    EXPECT_EQ(again(text), text);
  }
  EXPECT_EQ(to_rfc3339(WallTime(std::chrono::microseconds(1'700'000'000'999'999))), "2023-11-14T22:13:20Z");
}

TEST(Rfc3339, TellsMomentsApartWhereItMatters) {
  const WallTime time(std::chrono::microseconds(1'700'000'000'000'042));
  EXPECT_EQ(to_exact_rfc3339(time), "2023-11-14T22:13:20.000042Z");
  EXPECT_EQ(parse_rfc3339(to_exact_rfc3339(time)), time);
}

TEST(Rfc3339, ReadsOffsetsAndFractions) {
  EXPECT_EQ(again("2027-03-01T09:30:00+02:00"), "2027-03-01T07:30:00Z");
  EXPECT_EQ(again("2027-03-01t09:30:00.123456789-00:30"), "2027-03-01T10:00:00Z");
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.25z")->time_since_epoch().count(), 250'000);
  EXPECT_EQ(again("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
}

TEST(Rfc3339, RefusesTheRest) {
  for (const char* text :
       {"", "2027", "2027-03-01", "2027-03-01T09:30:00", "2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z",
        "2027-03-01T24:00:00Z", "2027-03-01T09:60:00Z", "2027-03-01 09:30:00Z", "2027-03-01T09:30:00Zx",
        "2027-03-01T09:30:00.Z", "2027-03-01T09:30:00+2:00", "2027-03-01T09:30:00+24:00", "1969-12-31T23:59:59Z", "90d",
        "27-03-01T09:30:00Z"}) {
    EXPECT_EQ(again(text), "none") << text;
  }
}

}  // namespace berth
