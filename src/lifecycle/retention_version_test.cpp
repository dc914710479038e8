#include "lifecycle/retention_version.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace berth {
namespace {

TagVersion version(std::string_view tag) {
  const std::optional<TagVersion> read = TagVersion::parse(tag);
  EXPECT_TRUE(read) << tag;
  return read.value();
}

// semver.org section 11 has 1.0.0-alpha to 1.0.0 in this order.
TEST(TagVersion, HasTheOrderOfSemver) {
  const std::vector<std::string> ascending{"0.9",
                                           "1.0.0-0",
                                           "1.0.0-1",
                                           "1.0.0-10",
                                           "1.0.0-alpha",
                                           "1.0.0-alpha.1",
                                           "1.0.0-alpha.beta",
                                           "1.0.0-beta",
                                           "1.0.0-beta.2",
                                           "1.0.0-beta.11",
                                           "1.0.0-rc.1",
                                           "1.0.0",
                                           "1.0.1-rc1",
                                           "1.0.1",
                                           "1.2",
                                           "1.9.0",
                                           "1.10.0",
                                           "1.10.1",
                                           "2.0.0-a-b",
                                           "2.0.0",
                                           "10.0.0",
                                           "18446744073709551616.0.0",
                                           "99999999999999999999999.0.0"};
  for (std::size_t a = 0; a < ascending.size(); ++a) {
    for (std::size_t b = 0; b < ascending.size(); ++b) {
      EXPECT_EQ(version(ascending[a]) <=> version(ascending[b]), a <=> b) << ascending[a] << " " << ascending[b];
      EXPECT_EQ(version("v" + ascending[a]) <=> version(ascending[b]), a <=> b);
    }
  }
}

TEST(TagVersion, TakesTheShortForm) {
  EXPECT_EQ(version("v1.2"), version("1.2.0"));
  EXPECT_EQ(version("V1.2.3"), version("1.2.3"));
  EXPECT_EQ(version("1.2-rc1"), version("1.2.0-rc1"));
}

TEST(TagVersion, LeavesBuildMetadataOut) {
  EXPECT_EQ(version("1.2.3_20240131.abc"), version("1.2.3"));
  EXPECT_EQ(version("1.2.3-rc.1_x"), version("1.2.3-rc.1"));
}

TEST(TagVersion, IsNoneOfWhatOnlyLooksLikeOne) {
  for (const char* tag : {"",          "v",     "1",    "v1",   "20240131",      "latest",      "2024.01",    "1.02.3",
                          "1.2.3.4",   "1.2.",  ".1.2", "1..2", "1.2.3-",        "1.2.3-rc.01", "1.2.3-a..b", "1.2.3_",
                          "1.2.3_a_b", "vv1.2", "1.2x", "1.x",  "release-1.2.3", "v-1.2"}) {
    EXPECT_FALSE(TagVersion::parse(tag)) << tag;
  }
}

}  // namespace
}  // namespace berth
