#include "registry/read_only_mode.h"

#include <gtest/gtest.h>

namespace berth {

TEST(ReadOnlyMode, CountsTheWritesThatItHasToWaitFor) {
  ReadOnlyMode mode(false);
  {
    const std::optional<ReadOnlyMode::WriteTurn> first = mode.begin_write();
    ASSERT_TRUE(first);
    EXPECT_EQ(mode.writes_under_way(), 1U);
    mode.switch_to(true);
    EXPECT_FALSE(mode.begin_write());
    EXPECT_EQ(mode.writes_under_way(), 1U) << "a refused one is none";
  }
  EXPECT_EQ(mode.writes_under_way(), 0U);
  mode.switch_to(false);
  EXPECT_TRUE(mode.begin_write());
}

TEST(ReadOnlyMode, StaysOnWhereTheConfigurationSaysSo) {
  ReadOnlyMode mode(true);
  mode.switch_to(false);
  EXPECT_TRUE(mode.is_on());
  EXPECT_TRUE(mode.is_configured());
  EXPECT_FALSE(mode.begin_write());
}

}  // namespace berth
