#include "net/auth_challenge.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(AuthChallenge, ReadsWhatRegistriesSend) {
  const AuthChallenge bearer = parse_auth_challenge(
      R"(Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push")");
  EXPECT_EQ(bearer.scheme, "bearer");
  EXPECT_EQ(bearer.parameters.at("realm"), "https://auth.example/token");
  EXPECT_EQ(bearer.parameters.at("service"), "registry.example");
  EXPECT_EQ(bearer.parameters.at("scope"), "repository:a/b:pull,push");
  const AuthChallenge basic = parse_auth_challenge(R"(BASIC Realm="a \"quoted\" name", charset=UTF-8)");
  EXPECT_EQ(basic.scheme, "basic");
  EXPECT_EQ(basic.parameters.at("realm"), R"(a "quoted" name)");
  EXPECT_EQ(basic.parameters.at("charset"), "UTF-8");
}

TEST(AuthChallenge, LeavesOutWhatCannotBeRead) {
  EXPECT_EQ(parse_auth_challenge("").scheme, "");
  EXPECT_EQ(parse_auth_challenge("Negotiate").scheme, "negotiate");
  EXPECT_TRUE(parse_auth_challenge("Bearer nonsense").parameters.empty());
  EXPECT_EQ(parse_auth_challenge(R"(Bearer realm="no end)").parameters.at("realm"), "no end");
  EXPECT_EQ(parse_auth_challenge("Bearer realm=").parameters.at("realm"), "");
}

TEST(NextPage, IsTheTargetOfTheLink) {
  EXPECT_EQ(next_page_of(R"(</v2/_catalog?last=a&n=10>; rel="next")"), "/v2/_catalog?last=a&n=10");
  EXPECT_FALSE(next_page_of(R"(</v2/>; rel="prev")").has_value());
  EXPECT_FALSE(next_page_of("").has_value());
  EXPECT_FALSE(next_page_of("<no end").has_value());
}

}  // namespace
}  // namespace berth
