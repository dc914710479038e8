#include "base/hex.h"

#include <gtest/gtest.h>

#include <array>

namespace berth {
namespace {

TEST(Hex, WritesLowerCase) {
  EXPECT_EQ(to_hex(std::array{std::byte{0x00}, std::byte{0x9f}, std::byte{0xff}}), "009fff");
  EXPECT_EQ(to_hex({}), "");
}

TEST(Hex, ReadsWhatItWrites) {
  const auto bytes = from_hex("009fff");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(to_hex(*bytes), "009fff");
  EXPECT_TRUE(from_hex("")->empty());
}

TEST(Hex, RefusesWhatIsNotHex) {
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("AB"));
  EXPECT_FALSE(from_hex(" 0"));
  EXPECT_FALSE(from_hex("0/"));
  EXPECT_FALSE(from_hex("`a"));
}

}  // namespace
}  // namespace berth
