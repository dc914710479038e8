#include "auth/access_rule_text.h"

#include <gtest/gtest.h>

#include "auth/account_right.h"
#include "base/failure.h"

namespace berth {
namespace {

std::string again(std::string_view text) {
  const auto rule = parse_access_rule(text);
  return rule ? rule->text() : "refused: " + rule.error();
}

std::string right_again(std::string_view text) {
  const auto right = AccountRight::parse(text);
  return right ? right->text() : "refused: " + right.error();
}

}  // namespace

TEST(AccessRuleText, ReadsWhatItWrites) {
  for (const char* text :
       {"allow pull to anonymous on public/**", "allow pull,push to group:dev,robot:ci on team/**,tools/* tags v*",
        "deny delete to authenticated on release/**", "allow admin to user:alice",
        "allow pull,push,delete,catalog,admin to user:alice@example.com on **",
        "deny push,delete to authenticated tags latest,v*"}) {
    EXPECT_EQ(again(text), text);
  }
}

TEST(AccessRuleText, TakesMoreSpaceAndAnyOrderOfActions) {
  EXPECT_EQ(again("  allow   push,pull,pull  to anonymous   on  a  "), "allow pull,push to anonymous on a");
}

TEST(AccessRuleText, SaysWhatIsWrong) {
  const auto says = [](std::string_view text, std::string_view part) {
    EXPECT_NE(again(text).find(part), std::string::npos) << text << "\n" << again(text);
  };
  for (const char* text :
       {"", "permit pull to anonymous", "allow pull", "allow pull for anonymous", "allow pull to anonymous at x",
        "allow pull to anonymous on a tags b c", "allow pull to anonymous tags v* on a"}) {
    EXPECT_TRUE(again(text).starts_with("refused")) << text;
  }
  says("allow read to anonymous", "\"read\" is not an action");
  says("allow pull, to anonymous", "\"\" is not an action");
  says("allow pull to alice", "\"alice\" names nobody");
  says("allow pull to user:", "names nobody");
  says("allow pull to anonymous on Team/**", "lower case");
  says("allow push to anonymous on a tags v/1", "no tag has");
  says("allow pull to anonymous on a tags v*", "only push and delete");
  says("allow admin to user:alice on team/**", "registry as a whole");
  says(std::string(5000, 'x'), "at most 4096");
}

TEST(AccountRight, ReadsWhatItWrites) {
  for (const char* text : {"pull:team/app/**", "pull,push,delete:**", "catalog", "catalog,admin"})
    EXPECT_EQ(right_again(text), text);
  EXPECT_EQ(right_again("push,pull:a"), "pull,push:a");
}

TEST(AccountRight, SaysWhatIsWrong) {
  EXPECT_NE(right_again("").find("not an action"), std::string::npos);
  EXPECT_NE(right_again("pull").find("on which repositories"), std::string::npos);
  EXPECT_NE(right_again("pull:").find("not a repository pattern"), std::string::npos);
  EXPECT_NE(right_again("read:a").find("not an action"), std::string::npos);
  EXPECT_NE(right_again("admin:**").find("as a whole"), std::string::npos);
  EXPECT_NE(right_again("pull,admin").find("on which repositories"), std::string::npos);
  EXPECT_NE(right_again("pull:A/b").find("lower case"), std::string::npos);
  EXPECT_THROW(stored_rights({"damaged"}), Failure);
}

TEST(AccountRight, BecomesALimitAndRules) {
  const std::vector<AccountRight> rights = stored_rights({"pull:team/**", "push:team/app", "catalog"});
  const auto limit = limit_of(rights);
  EXPECT_TRUE(limit->allows({.action = AccessAction::pull, .repository = "team/x"}));
  EXPECT_FALSE(limit->allows({.action = AccessAction::push, .repository = "team/x"}));
  EXPECT_TRUE(limit->allows({.action = AccessAction::push, .repository = "team/app"}));
  EXPECT_TRUE(limit->allows({.action = AccessAction::catalog}));
  EXPECT_FALSE(limit->allows({.action = AccessAction::admin}));
  const std::vector<AccessRule> rules = rules_of_robot("ci", rights);
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0].text(), "allow pull to robot:ci on team/**");
  EXPECT_EQ(rules[2].text(), "allow catalog to robot:ci");
}

}  // namespace berth
