#include "lifecycle/retention_rule_text.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace berth {
namespace {

std::string again(std::string_view text) {
  const auto rule = parse_retention_rule(text);
  return rule ? rule->text() : "refused: " + rule.error();
}

TEST(RetentionRuleText, ReadsWhatItWrites) {
  for (const char* text : {
           "keep",
           "protect",
           "protect tags release-*",
           "keep tags v* newest 10 rank_by semver",
           "delete repositories team/**,tools/* except_repositories team/prod tags pr-*,dev-* older_than 30d",
           "delete repositories ** except_tags v* older_than 36h",
           "delete state untagged not_pulled_for 14d",
           "delete tags v*,*-rc tag_match all older_than 1d chain releases",
           "delete tags v* state any older_than 0s",
           "delete state tagged older_than 30d",
           "delete artifact_types application/*,a/x+y unit manifest beyond 5 rank_by pull rank_in repository",
           "keep pushed_within 10d pulled_within 7d older_than 1d",
       }) {
    const auto rule = parse_retention_rule(text);
    ASSERT_TRUE(rule) << text << ": " << rule.error();
    const auto second = parse_retention_rule(rule->text());
    ASSERT_TRUE(second) << rule->text();
    EXPECT_EQ(*second, *rule) << rule->text();
  }
  EXPECT_EQ(again("delete   older_than 48h   tags a,b "), "delete tags a,b older_than 2d");
  EXPECT_EQ(again("keep tags v* tag_match any state tagged unit tag newest 1 rank_by push rank_in selection"),
            "keep tags v* newest 1");
}

TEST(RetentionRuleText, TakesTagsForWhatIsTagged) {
  EXPECT_EQ(parse_retention_rule("delete tags a")->state, TagState::tagged);
  EXPECT_EQ(parse_retention_rule("delete except_tags a")->state, TagState::tagged);
  EXPECT_EQ(parse_retention_rule("delete tags a state any")->state, TagState::any);
  EXPECT_EQ(parse_retention_rule("delete older_than 1d")->state, TagState::any);
}

TEST(RetentionRuleText, SaysWhatIsWrong) {
  const auto says = [](std::string_view text, std::string_view part) {
    EXPECT_EQ(again(text), "refused: " + std::string(part)) << text;
  };
  says("", "a rule reads: keep|delete|protect [FIELD VALUE]...");
  says("remove tags a", "a rule reads: keep|delete|protect [FIELD VALUE]...");
  says("keep tag a", "\"tag\" is not a field of a rule");
  says("keep tags", "tags: has no value");
  says("keep tags a tags b", "tags: appears twice");
  says("keep tags a,", "tags: \"\" is not a tag pattern (like v*)");
  says("keep repositories Team/*",
       "repositories: \"Team/*\" has a character that no repository name has (they are "
       "lower case)");
  says("keep older_than abc", "older_than: \"abc\" is not a duration (like 30d)");
  says("keep newest 0", "newest: \"0\" is not a number from 1 to 1000000");
  says("keep newest -1", "newest: \"-1\" is not a number from 1 to 1000000");
  says("keep newest 1000001", "newest: \"1000001\" is not a number from 1 to 1000000");
  says("keep state gone", "state: \"gone\" is not one of any, tagged, untagged");
  says("keep newest 1 rank_by size", "rank_by: \"size\" is not one of push, pull, semver");
  says("keep artifact_types \x01", "artifact_types: \"?\" is not a type pattern (like application/vnd.cncf.helm.*)");
  says("keep tags a chain a/b", "chain: \"a/b\" is not a name (letters, digits, ., _ and -)");
  says(std::string(70'000, 'x'), "a rule has at most 65536 characters");
  std::string many = "keep tags a";
  for (int i = 0; i < 50; ++i) many += ",a";
  says(many, "tags: has more than 50 elements");
}

TEST(RetentionRuleText, RefusesWhatContradictsItself) {
  const auto says = [](std::string_view text, std::string_view part) {
    EXPECT_NE(again(text).find(part), std::string::npos) << text << "\n" << again(text);
  };
  says("delete", "deletes everything");
  says("delete unit manifest", "deletes everything");
  says("delete chain x", "deletes everything");
  says("delete state untagged tags a", "state: what is untagged has no tags");
  says("delete newest 1 beyond 2", "one rule has one rank");
  says("delete older_than 1d rank_by pull", "rank_by: needs newest or beyond");
  says("delete older_than 1d rank_in repository", "rank_in: needs newest or beyond");
  says("delete older_than 1d tag_match all", "tag_match: needs tags");
  says("delete state untagged beyond 1 rank_by semver", "what is untagged has no version");
  says("delete older_than 2d pushed_within 2d", "older_than: nothing is older");
  says("delete not_pulled_for 2d pulled_within 1d", "not_pulled_for: nothing was not pulled");
  says("protect tags a chain x", "a protect rule belongs to no chain");
  EXPECT_TRUE(parse_retention_rule("delete repositories **"));
}

TEST(TypePattern, MatchesWholeTypes) {
  const auto matches = [](std::string_view pattern, std::string_view type) {
    return TypePattern::parse(pattern)->matches(type);
  };
  EXPECT_TRUE(matches("a/b", "a/b"));
  EXPECT_FALSE(matches("a/b", "a/bc"));
  EXPECT_FALSE(matches("a/b", "xa/b"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "a/b"));
  EXPECT_TRUE(matches("a*c*", "abcbc"));
  EXPECT_TRUE(matches("*bc", "abcbc"));
  EXPECT_FALSE(matches("*bd", "abcbc"));
  EXPECT_TRUE(matches("application/*+json", "application/vnd.oci.image.index.v1+json"));
  for (const char* text : {"", "a b", "a,b", "\xc3\xa9"}) EXPECT_FALSE(TypePattern::parse(text)) << text;
  EXPECT_FALSE(TypePattern::parse(std::string(256, 'a')));
}

}  // namespace
}  // namespace berth
