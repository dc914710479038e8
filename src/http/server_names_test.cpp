#include "http/server_names.h"

#include <gtest/gtest.h>

namespace berth::http {

TEST(ServerNames, FindsExactNamesBeforeWildcards) {
  ServerNames names;
  names.add("registry.example.com", 0);
  names.add("*.Example.com", 1);
  names.add("registry.example.com", 2);
  EXPECT_EQ(names.find("registry.example.com"), 0U);
  EXPECT_EQ(names.find("REGISTRY.example.COM."), 0U);
  EXPECT_EQ(names.find("mirror.example.com"), 1U);
  EXPECT_EQ(names.find("a.mirror.example.com"), std::nullopt) << "a star is one label";
  EXPECT_EQ(names.find("example.com"), std::nullopt);
  EXPECT_EQ(names.find(".example.com"), std::nullopt);
  EXPECT_EQ(names.find(""), std::nullopt);
  EXPECT_EQ(names.find("localhost"), std::nullopt);
}

}  // namespace berth::http
