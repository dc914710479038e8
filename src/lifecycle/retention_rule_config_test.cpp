#include "lifecycle/retention_rule_config.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "lifecycle/retention_rule_text.h"

namespace berth {
namespace {

// As server/ makes them of YAML.
ConfigPosition line(std::size_t number) {
  static const auto source = std::make_shared<const std::string>("config.yml");
  return {source, number};
}

ConfigValue word(std::string text) {
  return ConfigValue::scalar(std::move(text), ConfigValue::Style::plain, line(1));
}

ConfigValue words(std::initializer_list<const char*> texts) {
  ConfigValue list = ConfigValue::list(line(1));
  for (const char* text : texts) list.items().push_back(word(text));
  return list;
}

ConfigValue rule(std::initializer_list<std::pair<const char*, ConfigValue>> entries) {
  ConfigValue map = ConfigValue::map(line(7));
  std::size_t number = 7;
  for (const auto& [key, value] : entries) map.set(key, value, line(++number));
  return map;
}

ConfigValue list(std::initializer_list<ConfigValue> rules) {
  ConfigValue list = ConfigValue::list(line(6));
  for (const ConfigValue& each : rules) list.items().push_back(each);
  return list;
}

std::vector<std::string> errors_of(const ConfigValue& value) {
  SettingReport report;
  EXPECT_TRUE(read_retention_rules(value, "retention.rules", report).empty());
  std::vector<std::string> lines;
  for (const SettingProblem& problem : report.errors) lines.push_back(problem.path + ": " + problem.reason);
  return lines;
}

std::string refusal_of(std::string_view json) {
  const auto rules = parse_retention_json(json);
  if (rules) return "accepted";
  EXPECT_EQ(rules.error().code, ErrorCode::request_invalid);
  return rules.error().message;
}

TEST(RetentionRuleConfig, ReadsAListOfMaps) {
  SettingReport report;
  const std::vector<RetentionRule> rules =
      read_retention_rules(list({rule({{"action", word("delete")},
                                       {"repositories", words({"team/**", "tools/*"})},
                                       {"tags", word("pr-*")},
                                       {"older_than", word("30d")},
                                       {"newest", ConfigValue::null(line(9))}}),
                                 rule({{"name", word("releases")},
                                       {"description", word("What customers have")},
                                       {"action", word("protect")},
                                       {"tags", words({"v*"})}})}),
                           "retention.rules", report);
  ASSERT_TRUE(report.errors.empty()) << report.errors.front().line();
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].name, "rule-1");
  EXPECT_EQ(rules[0].text(), "delete repositories team/**,tools/* tags pr-* older_than 30d");
  EXPECT_EQ(rules[1].name, "releases");
  EXPECT_EQ(rules[1].description, "What customers have");
  EXPECT_EQ(rules[1].text(), "protect tags v*");
}

TEST(RetentionRuleConfig, NothingIsNoRules) {
  SettingReport report;
  EXPECT_TRUE(read_retention_rules(ConfigValue::null(line(1)), "retention.rules", report).empty());
  EXPECT_TRUE(read_retention_rules(list({}), "retention.rules", report).empty());
  EXPECT_TRUE(report.errors.empty());
}

TEST(RetentionRuleConfig, SaysWhereWhatIsWrong) {
  const ConfigValue good = rule({{"action", word("keep")}});
  EXPECT_EQ(errors_of(list({good, good, rule({{"action", word("delete")}, {"older_than", word("abc")}})})),
            std::vector<std::string>{"retention.rules[2].older_than: \"abc\" is not a duration (like 30d)"});
  EXPECT_EQ(
      errors_of(list({rule({{"action", word("delete")}, {"older_then", word("30d")}})})),
      std::vector<std::string>{"retention.rules[0].older_then: is not a key of a rule (did you mean older_than?)"});
  EXPECT_EQ(errors_of(list({rule({{"tags", word("v*")}})})),
            std::vector<std::string>{"retention.rules[0].action: missing (keep, delete or protect)"});
  EXPECT_EQ(errors_of(list({rule({{"action", word("expire")}})})),
            std::vector<std::string>{"retention.rules[0].action: \"expire\" is not one of keep, delete, protect"});
  EXPECT_EQ(errors_of(list({rule({{"action", word("keep")}, {"tags", words({"v*", "a/b"})}})})),
            std::vector<std::string>{"retention.rules[0].tags[1]: \"a/b\" has a character that no tag has"});
  EXPECT_EQ(errors_of(list({rule({{"action", word("delete")}})})),
            std::vector<std::string>{
                "retention.rules[0]: deletes everything; whoever means that says so with repositories: [\"**\"]"});
  EXPECT_EQ(errors_of(list({rule({{"action", word("keep")}, {"rank_by", word("pull")}})})),
            std::vector<std::string>{"retention.rules[0].rank_by: needs newest or beyond"});
  EXPECT_EQ(errors_of(list({rule({{"action", word("keep")}, {"name", word("x")}}),
                            rule({{"action", word("keep")}, {"name", word("x")}})})),
            std::vector<std::string>{"retention.rules[1].name: another rule is called x"});
  EXPECT_EQ(errors_of(list({rule({{"action", word("keep")}, {"name", word("a b")}})})),
            std::vector<std::string>{"retention.rules[0].name: \"a b\" is not a name (letters, digits, ., _ and -)"});
  EXPECT_EQ(errors_of(list({rule({{"action", word("keep")}, {"newest", words({"1"})}})})),
            std::vector<std::string>{"retention.rules[0].newest: a list is not a single value"});
  EXPECT_EQ(errors_of(list({word("keep")})), std::vector<std::string>{"retention.rules[0]: \"keep\" is not a map"});
  EXPECT_EQ(errors_of(word("keep")), std::vector<std::string>{"retention.rules: \"keep\" is not a list"});
  EXPECT_EQ(errors_of(list({rule({{"action", word("keep")}, {"description", word("a\nb")}})})),
            std::vector<std::string>{"retention.rules[0].description: is not a line of at most 256 ASCII characters"});
}

TEST(RetentionRuleConfig, SaysAllThatIsWrongWithItsLine) {
  SettingReport report;
  const ConfigValue both = rule({{"action", word("burn")}, {"newest", word("many")}});
  EXPECT_TRUE(read_retention_rules(list({both, both}), "retention.rules", report).empty());
  ASSERT_EQ(report.errors.size(), 4U);
  SettingReport contradiction;
  read_retention_rules(list({rule({{"action", word("delete")}})}), "retention.rules", contradiction);
  EXPECT_TRUE(contradiction.errors.front().line().starts_with("config.yml:7: retention.rules[0]: deletes everything"));
}

TEST(RetentionRuleConfig, BoundsTheNumberOfRules) {
  ConfigValue many = ConfigValue::list(line(1));
  for (int i = 0; i < 201; ++i) many.items().push_back(rule({{"action", word("keep")}}));
  EXPECT_EQ(errors_of(many), std::vector<std::string>{"retention.rules: has more than 200 rules"});
}

TEST(RetentionRuleJson, ReadsWhatItWrites) {
  std::vector<RetentionRule> rules;
  for (const char* text :
       {"keep tags v* newest 10 rank_by semver rank_in repository",
        "delete repositories team/** except_repositories team/x tags a,b tag_match all except_tags c "
        "state any artifact_types x/* unit manifest older_than 30d chain k",
        "protect state untagged pushed_within 36h pulled_within 1d", "delete beyond 3 not_pulled_for 2w"}) {
    rules.push_back(parse_retention_rule(text).value());
    rules.back().name = "r" + std::to_string(rules.size());
  }
  rules.back().description = "\"quoted\" \\ and <more>";
  const auto again = parse_retention_json(retention_json(rules));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, rules);
  EXPECT_EQ(retention_json({rules.front()}),
            R"({"rules":[{"name":"r1","action":"keep","tags":["v*"],"newest":10,"rank_by":"semver",)"
            R"("rank_in":"repository"}]})");
}

TEST(RetentionRuleJson, RefusesInOneLine) {
  EXPECT_EQ(refusal_of("[]"), "rules: missing");
  EXPECT_EQ(refusal_of("{}"), "rules: missing");
  EXPECT_EQ(refusal_of(R"({"rules":[],"rule":[]})"), "rule: is not a key of a policy");
  EXPECT_EQ(refusal_of(R"({"rules":[{"action":"keep","action":"delete"}]})"), "rules[0].action: appears twice");
  EXPECT_EQ(refusal_of(R"({"rules":[{"action":"keep","newest":-1}]})"),
            "rules[0].newest: \"a number out of range\" is not a number from 1 to 1000000");
  EXPECT_EQ(refusal_of(R"({"rules":[{"action":"keep","newest":1.5}]})"),
            "rules[0].newest: \"a broken number\" is not a number from 1 to 1000000");
  EXPECT_EQ(refusal_of(R"({"rules":[{"action":"keep","tags":{"a":"b"}}]})"),
            "rules[0].tags: a map is not a single value");
  EXPECT_NE(refusal_of("{").find("not valid JSON"), std::string::npos);
  EXPECT_EQ(refusal_of(std::string(1024 * 1024 + 1, ' ')), "more than 1048576 bytes");
  EXPECT_EQ(refusal_of(R"({"rules":[]})"), "accepted");
}

}  // namespace
}  // namespace berth
