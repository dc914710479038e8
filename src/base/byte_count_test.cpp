#include "base/byte_count.h"

#include <gtest/gtest.h>

#include <limits>

namespace berth {
namespace {

TEST(ParseByteCount, ReadsPlainNumbersAndUnits) {
  EXPECT_EQ(parse_byte_count("0"), 0U);
  EXPECT_EQ(parse_byte_count("4096"), 4096U);
  EXPECT_EQ(parse_byte_count("4MiB"), 4U << 20);
  EXPECT_EQ(parse_byte_count("4 mib"), 4U << 20);
  EXPECT_EQ(parse_byte_count("500MB"), 500'000'000U);
  EXPECT_EQ(parse_byte_count("2TiB"), 2ULL << 40);
  EXPECT_EQ(parse_byte_count("12B"), 12U);
  EXPECT_EQ(parse_byte_count("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
}

TEST(ParseByteCount, RefusesTheRest) {
  for (const char* text : {"", "MiB", "-1", "+1", "1.5GiB", "4K", "4M", "4  MiB", "4 ", "4MiBs", "18446744073709551616",
                           "99999999999TiB"}) {
    EXPECT_EQ(parse_byte_count(text), std::nullopt) << text;
  }
}

TEST(FormatByteCount, GivesTextThatReadsBack) {
  EXPECT_EQ(format_byte_count(4U << 20), "4MiB");
  EXPECT_EQ(format_byte_count(0), "0");
  EXPECT_EQ(format_byte_count(1000), "1000");
  EXPECT_EQ(format_byte_count(1ULL << 30), "1GiB");
  EXPECT_EQ(format_byte_count((1ULL << 20) + 1), "1048577");
}

}  // namespace
}  // namespace berth
