#include "base/config_value.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

ConfigValue word(const char* text) {
  return ConfigValue::scalar(text, ConfigValue::Style::plain, {});
}

TEST(ConfigValue, MapsKeepOrderAndReplaceInPlace) {
  ConfigValue map = ConfigValue::map({});
  map.set("b", word("1"), {});
  map.set("a", word("2"), {});
  map.set("b", word("3"), {});
  EXPECT_EQ(map.to_text(), "{b: 3, a: 2}");
  EXPECT_EQ(map.find("a")->text(), "2");
  EXPECT_EQ(map.find("c"), nullptr);
  map.remove("b");
  EXPECT_EQ(map.to_text(), "{a: 2}");
}

TEST(ConfigValue, CountsItselfKeysAndAllBelow) {
  ConfigValue list = ConfigValue::list({});
  list.items() = {word("x"), word("y")};
  ConfigValue map = ConfigValue::map({});
  map.set("k", list, {});
  EXPECT_EQ(map.node_count(), 5U);
}

TEST(ConfigValue, KnowsWhenNothingWasAskedFor) {
  EXPECT_TRUE(ConfigValue().is_empty());
  EXPECT_TRUE(word("").is_empty());
  EXPECT_TRUE(ConfigValue::map({}).is_empty());
  EXPECT_FALSE(word("0").is_empty());
}

TEST(ConfigPosition, NamesFileAndLineOrVariable) {
  EXPECT_EQ((ConfigPosition{std::make_shared<const std::string>("config.yml"), 12}).text(), "config.yml:12");
  EXPECT_EQ((ConfigPosition{std::make_shared<const std::string>("REGISTRY_HTTP_ADDR"), 0}).text(),
            "REGISTRY_HTTP_ADDR");
}

}  // namespace
}  // namespace berth
