#include "observe/health.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(Health, HoldsTheLatestResultOfEachCheck) {
  Health health;
  EXPECT_TRUE(health.problems().empty());
  health.report("disk", "read-only");
  health.report("file", "drain");
  health.report("disk", "gone");
  EXPECT_EQ(health.problems(), (std::map<std::string, std::string>{{"disk", "gone"}, {"file", "drain"}}));
  health.report("disk", std::nullopt);
  health.report("never", std::nullopt);
  EXPECT_EQ(health.problems(), (std::map<std::string, std::string>{{"file", "drain"}}));
}

}  // namespace
}  // namespace berth
