#include "api/admin/expiry.h"

#include <gtest/gtest.h>

#include "base/rfc3339.h"

namespace berth::admin {
namespace {

std::string read(std::string_view text) {
  const auto expiry = parse_expiry(text, *parse_rfc3339("2026-01-01T00:00:00Z"));
  if (!expiry) return "refused";
  return *expiry ? to_rfc3339(**expiry) : "never";
}

}  // namespace

TEST(Expiry, ReadsSpansAndTimes) {
  EXPECT_EQ(read("never"), "never");
  EXPECT_EQ(read("90d"), "2026-04-01T00:00:00Z");
  EXPECT_EQ(read("2w"), "2026-01-15T00:00:00Z");
  EXPECT_EQ(read("36h"), "2026-01-02T12:00:00Z");
  EXPECT_EQ(read("1h30m"), "2026-01-01T01:30:00Z");
  EXPECT_EQ(read("2027-03-01T00:00:00Z"), "2027-03-01T00:00:00Z");
}

TEST(Expiry, RefusesTheRest) {
  for (const char* text :
       {"", "d", "0d", "-1d", "1.5d", "90", "0s", "-1h", "99999999999d", "100001d", "876001h", "soon"}) {
    EXPECT_EQ(read(text), "refused") << text;
  }
}

}  // namespace berth::admin
