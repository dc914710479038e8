#include "http/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

unsigned refusal(std::string_view text) {
  const auto target = parse_target(text);
  return target ? 0 : target.error().status;
}

TEST(ParseTarget, SplitsBeforeItDecodes) {
  const auto target = parse_target("/v2/a/manifests/sha256%3Aabc");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->path.segments, ElementsAre("v2", "a", "manifests", "sha256:abc"));
  EXPECT_FALSE(target->path.has_trailing_slash);
}

TEST(ParseTarget, DecodesOnceOnly) {
  EXPECT_THAT(parse_target("/%2541")->path.segments, ElementsAre("%41"));
}

TEST(ParseTarget, KnowsTheTrailingSlash) {
  EXPECT_TRUE(parse_target("/v2/")->path.has_trailing_slash);
  EXPECT_FALSE(parse_target("/v2")->path.has_trailing_slash);
  EXPECT_TRUE(parse_target("/")->path.has_trailing_slash);
  EXPECT_THAT(parse_target("/")->path.segments, IsEmpty());
}

TEST(ParseTarget, RefusesWhatCannotNameAThing) {
  for (const char* text :
       {"//", "/v2//a", "/v2/a//", "//v2", "/v2/../a", "/v2/./a", "/v2/..", "/v2/%2e%2E/a", "/v2/a%2Fb", "/v2/%2f"}) {
    EXPECT_EQ(refusal(text), 404U) << text;
  }
}

TEST(ParseTarget, RefusesMalformedEscapesAndText) {
  for (const char* text :
       {"/%",         "/%4",           "/%zz",        "/%00",       "/a%00b",   "/%C0%AF", "/%E0%80%AF",
        "/%ED%A0%80", "/%F4%90%80%80", "/%FF",        "/\xFF",      "/%C3",     "/a?b=%",  "/a?b=%00",
        "/a?%FF",     "/a#b",          "a",           "",           "ftp://h/", "*x",      "http://",
        "http:///x",  "http://a b/",   "http://u@h/", "http://h:x/"}) {
    EXPECT_EQ(refusal(text), 400U) << text;
  }
}

TEST(ParseTarget, TakesUtf8) {
  EXPECT_THAT(parse_target("/%C3%A4/\xC3\xA4/%F0%9F%90%B3")->path.segments, ElementsAre("ä", "ä", "🐳"));
}

TEST(ParseTarget, TakesTheAbsoluteForm) {
  const auto target = parse_target("HTTP://Example.com:80/v2/?n=1");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "Example.com:80");
  EXPECT_THAT(target->path.segments, ElementsAre("v2"));
  EXPECT_EQ(target->query.find("n"), "1");
  EXPECT_TRUE(parse_target("http://h")->path.has_trailing_slash);
  EXPECT_EQ(parse_target("http://h?a=b")->query.find("a"), "b");
}

TEST(ParseTarget, KnowsTheServerItself) {
  EXPECT_TRUE(parse_target("*")->is_server);
}

TEST(ParseQuery, DecodesNamesAndValues) {
  const auto query = Query::parse("a=1&b=x+y%2B&a=2&flag&&%63=d%3De&t=a=b");
  ASSERT_TRUE(query);
  EXPECT_THAT(query->find_all("a"), ElementsAre("1", "2"));
  EXPECT_EQ(query->find("b"), "x y+");
  EXPECT_EQ(query->find("flag"), "");
  EXPECT_EQ(query->find("c"), "d=e");
  EXPECT_EQ(query->find("t"), "a=b");
  EXPECT_EQ(query->find("none"), std::nullopt);
}

TEST(IsValidAuthority, TellsHostsFromOtherText) {
  for (const char* text : {"", "a", "a.b:5000", "127.0.0.1", "[::1]", "[::1]:80", "a_b", "h:"}) {
    EXPECT_TRUE(is_valid_authority(text)) << text;
  }
  for (const char* text :
       {"a/b", "a b", "a@b", "a:b", "a:1:2", "[::1", "[]", "[::1]x", ":80", "a:123456", "a\"", "a<"}) {
    EXPECT_FALSE(is_valid_authority(text)) << text;
  }
}

}  // namespace
}  // namespace berth::http
