#include "http/entity_tag.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

TEST(EntityTagList, TellsWeakFromStrong) {
  const auto list = EntityTagList::parse(R"("a", W/"b" , "c,d")");
  EXPECT_TRUE(list.matches_strongly("a"));
  EXPECT_FALSE(list.matches_strongly("b"));
  EXPECT_TRUE(list.matches_weakly("b"));
  EXPECT_TRUE(list.matches_strongly("c,d"));
  EXPECT_FALSE(list.matches_weakly("c"));
}

TEST(EntityTagList, KnowsTheStar) {
  const auto list = EntityTagList::parse(" * ");
  EXPECT_TRUE(list.is_any());
  EXPECT_TRUE(list.matches_strongly("anything"));
  EXPECT_FALSE(EntityTagList::parse("\"*\"").is_any());
}

TEST(EntityTagList, TakesADigestWithoutQuotes) {
  const auto list = EntityTagList::parse("sha256:abc, sha256:def");
  EXPECT_TRUE(list.matches_strongly("sha256:def"));
  EXPECT_FALSE(list.matches_strongly("sha256:ab"));
}

TEST(EntityTagList, KeepsWhatCameBeforeABrokenRest) {
  const auto list = EntityTagList::parse(R"("a", "b)");
  EXPECT_TRUE(list.matches_strongly("a"));
  EXPECT_FALSE(list.matches_strongly("b"));
}

TEST(EntityTagList, ABrokenListIsPresentAndMatchesNothing) {
  const auto list = EntityTagList::parse(R"("b)");
  EXPECT_TRUE(list.is_present());
  EXPECT_FALSE(list.matches_weakly("b"));
}

TEST(EntityTagList, JoinsRepeatedFields) {
  Headers headers;
  EXPECT_FALSE(EntityTagList::from(headers, "If-Match").is_present());
  headers.add("if-match", "\"a\"");
  headers.add("If-Match", "\"b\"");
  const auto list = EntityTagList::from(headers, "If-Match");
  EXPECT_TRUE(list.matches_strongly("a"));
  EXPECT_TRUE(list.matches_strongly("b"));
}

TEST(IsNotModified, ComparesWeakly) {
  Headers headers;
  EXPECT_FALSE(is_not_modified(headers, "x"));
  headers.add("If-None-Match", "W/\"x\"");
  EXPECT_TRUE(is_not_modified(headers, "x"));
  EXPECT_FALSE(is_not_modified(headers, "y"));
}

TEST(IfRangeHolds, OnlyForTheVeryTag) {
  Headers headers;
  EXPECT_TRUE(if_range_holds(headers, "x"));
  headers.set("If-Range", "\"x\"");
  EXPECT_TRUE(if_range_holds(headers, "x"));
  EXPECT_FALSE(if_range_holds(headers, "y"));
  EXPECT_FALSE(if_range_holds(headers, ""));
  headers.set("If-Range", "W/\"x\"");
  EXPECT_FALSE(if_range_holds(headers, "x"));
  headers.set("If-Range", "Tue, 15 Nov 1994 12:45:26 GMT");
  EXPECT_FALSE(if_range_holds(headers, "x"));
}

}  // namespace
}  // namespace berth::http
