#include "auth/token_scope.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

std::string round_trip(std::string_view text) {
  return to_string(parse_token_scopes(text));
}

TEST(TokenScope, ReadsWhatClientsAskFor) {
  EXPECT_EQ(round_trip("repository:team/app:pull,push"), "repository:team/app:pull,push");
  EXPECT_EQ(round_trip("registry:catalog:*"), "registry:catalog:*");
  EXPECT_EQ(round_trip("repository:a:pull repository:b:pull"), "repository:a:pull repository:b:pull");
  EXPECT_EQ(round_trip("repository(plugin):p:pull"), "repository(plugin):p:pull");
  EXPECT_EQ(parse_token_scopes("repository:host:5000/app:pull").at(0).name, "host:5000/app");
  EXPECT_EQ(round_trip("  repository:a:pull  "), "repository:a:pull");
  EXPECT_TRUE(parse_token_scopes("").empty());
}

TEST(TokenScope, MakesOneOfWhatIsAboutOneResource) {
  EXPECT_EQ(round_trip("repository:a:pull repository:a:push,pull"), "repository:a:pull,push");
  EXPECT_EQ(round_trip("repository:a:pull,pull,pull"), "repository:a:pull");
  EXPECT_EQ(round_trip("repository:a:1,2,3,4,5,6,7,8 repository:a:a,b,c,d"), "repository:a:1,2,3,4,5,6,7,8,a,b")
      << "at most ten";
}

TEST(TokenScope, LeavesOutWhatIsNone) {
  for (const char* text : {"repository", "repository:a", ":::", "repository::pull", ":a:pull", "repository:a\"b:pull",
                           "repository:a:pu\"ll", "repository:a:,pull", "repo sitory", "repository:\n:pull"}) {
    EXPECT_EQ(round_trip(text), "") << text;
  }
  EXPECT_EQ(round_trip("nonsense repository:a:pull"), "repository:a:pull");
  std::string many;
  for (int i = 0; i < 500; ++i) many += "repository:r" + std::to_string(i) + ":pull ";
  EXPECT_EQ(parse_token_scopes(many).size(), 100U);
}

}  // namespace
}  // namespace berth
