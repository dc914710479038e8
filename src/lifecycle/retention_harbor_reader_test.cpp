// The examples of Harbor's user guide, "Create Tag Retention Rules": repositories, rules, and what it says is retained.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

#include "lifecycle/retention_readers.h"
#include "lifecycle/retention_world_fixture.h"

namespace berth {
namespace {

using namespace retention_test;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using Names = std::set<std::string>;

enum class Untagged { ticked, not_ticked, not_said };

std::string selector(std::string_view decoration, std::string_view pattern, Untagged untagged = Untagged::not_said) {
  const std::string_view extras = untagged == Untagged::ticked       ? R"(,"extras":"{\"untagged\":true}")"
                                  : untagged == Untagged::not_ticked ? R"(,"extras":"{\"untagged\":false}")"
                                                                     : "";
  return fmt::format(R"({{"kind":"doublestar","decoration":"{}","pattern":"{}"{}}})", decoration, pattern, extras);
}

const std::string kAllRepositories = selector("repoMatches", "**");

std::string rule(std::string_view name, std::string_view params, const std::string& tags,
                 const std::string& repositories = kAllRepositories, std::string_view rest = "") {
  return fmt::format(R"({{"action":"retain","template":"{}","params":{{{}}},"tag_selectors":[{}],)"
                     R"("scope_selectors":{{"repository":[{}]}}{}}})",
                     name, params, tags, repositories, rest);
}

std::string with_number(std::string_view name, int number, const std::string& tags,
                        const std::string& repositories = kAllRepositories) {
  return rule(name, fmt::format(R"("{}":{})", name, number), tags, repositories);
}

std::string policy(std::initializer_list<std::string> rules) {
  return fmt::format(
      R"({{"id":3,"algorithm":"or","rules":[{}],"trigger":{{"kind":"Schedule","settings":{{"cron":"0 0 0 * * *"}}}},)"
      R"("scope":{{"level":"project","ref":1}}}})",
      fmt::join(rules, ","));
}

RetentionPlan plan_of(const World& world, const std::string& json) {
  auto rules = read_harbor_policy(json, {.project = "library"});
  EXPECT_TRUE(rules) << rules.error().message;
  return world.plan(rules.value());
}

/// What stays of a repository.
std::size_t retained(const RetentionPlan& plan, std::string_view repository) {
  return static_cast<std::size_t>(std::ranges::count_if(plan.entries, [&](const RetentionEntry& entry) {
    return entry.repository.text() == repository && entry.decision != RetentionAction::remove;
  }));
}

std::string refusal_of(const std::string& json) {
  const auto rules = read_harbor_policy(json, {.project = "library"});
  if (rules) return "accepted";
  EXPECT_EQ(rules.error().code, ErrorCode::request_invalid);
  return rules.error().message;
}

/// A has 102 artifacts, two untagged, all pulled in the last week; B to E seven each, one untagged, none pulled in the
/// last month.
World five_repositories() {
  World world;
  for (int i = 0; i < 102; ++i) {
    const std::vector<std::string> tags = i < 2 ? std::vector<std::string>{} : std::vector{fmt::format("t{}", i)};
    world.image("library/a", fmt::format("a{}", i), tags, days(60), hours(24) + minutes(i));
  }
  for (const char* name : {"b", "c", "d", "e"}) {
    for (int i = 0; i < 7; ++i) {
      const std::vector<std::string> tags = i < 1 ? std::vector<std::string>{} : std::vector{fmt::format("t{}", i)};
      world.image(std::string("library/") + name, fmt::format("{}{}", name, i), tags, days(60), days(40) + minutes(i));
    }
  }
  world.image("elsewhere/app", "x", {"v1"}, days(900));
  return world;
}

TEST(HarborExamples, TheTenMostRecentlyPulled) {
  const RetentionPlan plan = plan_of(
      five_repositories(), policy({with_number("latestPulledN", 10, selector("matches", "**", Untagged::not_ticked))}));
  EXPECT_EQ(retained(plan, "library/a"), 10U);
  for (const char* name : {"library/b", "library/c", "library/d", "library/e"}) EXPECT_EQ(retained(plan, name), 6U);
  EXPECT_EQ(plan.totals.deleted_manifests, 2U + 4U);
  EXPECT_EQ(retained(plan, "elsewhere/app"), 1U);  // of another project
}

TEST(HarborExamples, PulledInTheLastSevenDays) {
  const RetentionPlan plan =
      plan_of(five_repositories(),
              policy({with_number("nDaysSinceLastPull", 7, selector("matches", "**", Untagged::not_ticked))}));
  EXPECT_EQ(retained(plan, "library/a"), 100U);
  EXPECT_EQ(plan.totals.kept, 100U + 1U);
  EXPECT_EQ(plan.totals.deleted_manifests, 2U + 4U);
}

TEST(HarborExamples, PulledInTheLastSevenDaysWithUntagged) {
  const RetentionPlan plan = plan_of(
      five_repositories(), policy({with_number("nDaysSinceLastPull", 7, selector("matches", "**", Untagged::ticked))}));
  EXPECT_EQ(retained(plan, "library/a"), 102U);
  EXPECT_EQ(plan.totals.kept, 102U + 1U);
}

TEST(HarborExamples, TwoRulesRetainWhatEitherDoes) {
  const std::string all = selector("matches", "**", Untagged::not_ticked);
  const RetentionPlan plan = plan_of(
      five_repositories(), policy({with_number("nDaysSinceLastPull", 7, all), with_number("latestPulledN", 10, all)}));
  EXPECT_EQ(retained(plan, "library/a"), 100U);
  for (const char* name : {"library/b", "library/c", "library/d", "library/e"}) EXPECT_EQ(retained(plan, name), 6U);
}

// The page says that seven of the twelve are retained, all but 2.1-your_repo-prod of what the first two rules match.
// That contradicts its own OR, by which the third rule retains eleven and the first two the twelfth; so do we. The
// seven are among them.
TEST(HarborExamples, ThreeRulesOnTwelveTags) {
  World world;
  int age = 0;
  for (const char* version : {"2.1", "2.2", "3.1", "4.4"}) {
    for (const char* kind : {"prod", "rc", "release"}) {
      const std::string tag = fmt::format("{}-your_repo-{}", version, kind);
      world.image("library/your_repo", tag, {tag}, days(++age));
    }
  }
  const std::string first = with_number("latestPushedK", 10, selector("matches", "2*"));
  const std::string second = with_number("latestPushedK", 10, selector("matches", "*-prod"));
  const std::string third = rule("always", "", selector("excludes", "2.1-your_repo-prod"));
  EXPECT_EQ(deleted(plan_of(world, policy({first, second, third}))), Names{});
  EXPECT_EQ(deleted(plan_of(world, policy({third}))), Names{"2.1-your_repo-prod"});
  EXPECT_EQ(deleted(plan_of(world, policy({first, second}))),
            (Names{"3.1-your_repo-rc", "3.1-your_repo-release", "4.4-your_repo-rc", "4.4-your_repo-release"}));
}

TEST(HarborExamples, AnArtifactStaysWithAllItsTags) {
  World world;
  int hour = 12;
  for (const char* tag : {"harbor-1.8", "harbor-release", "harbor-nightly", "harbor-latest"}) {
    world.image("library/harbor", "one", {tag}, hours(hour -= 2));
  }
  EXPECT_EQ(deleted(plan_of(world, policy({with_number("latestPushedK", 2, selector("matches", "harbor-*"))}))),
            Names{});
  // Also where only one of them is matched.
  EXPECT_EQ(deleted(plan_of(world, policy({with_number("latestPushedK", 2, selector("matches", "*-1.8"))}))), Names{});
  EXPECT_EQ(deleted(plan_of(world, policy({with_number("latestPushedK", 2, selector("matches", "x*"))}))).size(), 4U);
}

TEST(HarborPolicy, TouchesOnlyTheRepositoriesOfItsRules) {
  World world;
  for (const char* name : {"library/app", "library/my_1", "library/team/app", "other/my_1"}) {
    world.image(name, "x", {"v1"}, days(9));
  }
  const auto touched = [&world](const std::string& repositories) {
    Names names;
    const RetentionPlan plan =
        plan_of(world, policy({with_number("latestPushedK", 1, selector("matches", "none"), repositories)}));
    for (const RetentionEntry& entry : plan.entries) {
      if (entry.decision == RetentionAction::remove) names.insert(entry.repository.text());
    }
    return names;
  };
  EXPECT_EQ(touched(selector("repoMatches", "**")), (Names{"library/app", "library/my_1", "library/team/app"}));
  EXPECT_EQ(touched(selector("repoMatches", "*")), (Names{"library/app", "library/my_1"}));
  EXPECT_EQ(touched(selector("repoMatches", "{app,my_*}")), (Names{"library/app", "library/my_1"}));
  EXPECT_EQ(touched(selector("repoMatches", "**/app")), (Names{"library/app", "library/team/app"}));
  // Two stars cross a slash only where they are alone between slashes.
  EXPECT_EQ(touched(selector("repoMatches", "t**p")), Names{});
  EXPECT_EQ(touched(selector("repoExcludes", "my_*")), (Names{"library/app", "library/team/app"}));
  EXPECT_EQ(touched(""), (Names{"library/app", "library/my_1", "library/team/app"}));
}

TEST(HarborPolicy, SelectsTagsAndUntagged) {
  World world;
  world.image("library/app", "a", {"a"}, days(9));
  world.image("library/app", "ab", {"a-2", "b"}, days(9));
  world.image("library/app", "c", {"c"}, days(9));
  world.image("library/app", "u", {}, days(9));
  const auto gone = [&world](const std::string& tags) {
    return deleted(plan_of(world, policy({rule("always", "", tags)})));
  };
  const std::string untagged = short_name("u");
  EXPECT_EQ(gone(selector("matches", "{a,c}", Untagged::not_ticked)), (Names{"a-2", "b", untagged}));
  EXPECT_EQ(gone(selector("matches", "a*", Untagged::ticked)), Names{"c"});
  EXPECT_EQ(gone(selector("matches", "a*")), Names{"c"});
  // An artifact is excluded if all its tags are; the box then excludes untagged ones.
  EXPECT_EQ(gone(selector("excludes", "a*")), Names{"a"});
  EXPECT_EQ(gone(selector("excludes", "a*", Untagged::ticked)), (Names{"a", untagged}));
  EXPECT_EQ(gone(selector("excludes", "a*", Untagged::not_ticked)), Names{"a"});
  EXPECT_EQ(gone(selector("matches", "")), Names{});
  EXPECT_EQ(gone(""), Names{});
}

TEST(HarborPolicy, BecomesRulesOfOurs) {
  const auto rules = read_harbor_policy(
      policy({with_number("latestPushedK", 5, selector("matches", "v*", Untagged::not_ticked)),
              with_number("nDaysSinceLastPush", 30, selector("matches", "**")),
              rule("always", "", selector("matches", "x"), kAllRepositories, R"(,"disabled":true,"id":7,"priority":1)"),
              rule("always", "", selector("excludes", "y"), selector("repoExcludes", "z"))}),
      {.name = "h", .project = "lib"});
  ASSERT_TRUE(rules) << rules.error().message;
  std::vector<std::string> texts;
  for (const RetentionRule& each : *rules) texts.push_back(each.name + ": " + each.text());
  EXPECT_EQ(texts, (std::vector<std::string>{
                       "h-1: keep repositories lib/** tags v* unit manifest newest 5",
                       "h-2: keep repositories lib/** unit manifest pushed_within 30d",
                       "h-4: keep repositories lib/** except_repositories lib/z except_tags y state any unit manifest",
                       "h-1-rest: delete repositories lib/** unit manifest",
                       "h-4-rest: delete repositories lib/** except_repositories lib/z unit manifest",
                   }));
}

TEST(HarborPolicy, DeletesNothingWithoutRules) {
  EXPECT_EQ(read_harbor_policy(R"({"algorithm":"or","rules":[]})")->size(), 0U);
  EXPECT_EQ(read_harbor_policy(policy({rule("always", "", "", kAllRepositories, R"(,"disabled":true)")}))->size(), 0U);
}

TEST(HarborPolicy, SaysWhatIsWrong) {
  EXPECT_NE(refusal_of("").find("not valid JSON"), std::string::npos);
  EXPECT_EQ(refusal_of("1"), "the policy: not an object");
  EXPECT_EQ(refusal_of("{}"), "algorithm: missing");
  EXPECT_EQ(refusal_of(R"({"algorithm":"and","rules":[]})"), "algorithm: is not or");
  EXPECT_EQ(refusal_of(R"({"algorithm":"or"})"), "rules: missing");
  EXPECT_EQ(refusal_of(R"({"algorithm":"or","algorithm":"or"})"), "algorithm: appears twice");
  const std::string tags = selector("matches", "**");
  const auto refusal_of_rule = [](const std::string& text) { return refusal_of(policy({text})); };
  EXPECT_EQ(refusal_of_rule(rule("immutable_template", "", tags)),
            "rules[0].template: \"immutable_template\" is not known");
  EXPECT_EQ(refusal_of_rule(with_number("latestPushedK", 0, tags)),
            "rules[0].params.latestPushedK: not a whole number from 1 to 1000000");
  EXPECT_EQ(refusal_of_rule(rule("latestPushedK", "", tags)), "rules[0].params.latestPushedK: missing");
  EXPECT_EQ(refusal_of_rule(rule("latestPushedK", R"("latestPushedK":1,"x":1)", tags)),
            "rules[0].params.x: is not known");
  EXPECT_EQ(refusal_of_rule(rule("always", "", tags, kAllRepositories, R"(,"unless":1)")),
            "rules[0].unless: is not known");
  EXPECT_EQ(refusal_of_rule(rule("always", "", tags, kAllRepositories, R"(,"disabled":"yes")")),
            "rules[0].disabled: not true or false");
  EXPECT_EQ(refusal_of_rule(rule("always", "", tags + "," + tags)), "rules[0].tag_selectors: are more than one");
  EXPECT_EQ(refusal_of_rule(rule("always", "", selector("with", "**"))),
            "rules[0].tag_selectors[0].decoration: \"with\" is not one of matches, excludes");
  EXPECT_EQ(refusal_of_rule(rule("always", "", R"({"kind":"label","decoration":"matches","pattern":"x"})")),
            "rules[0].tag_selectors[0].kind: is not doublestar");
  EXPECT_EQ(refusal_of_rule(rule("always", "", selector("matches", "v?"))),
            "rules[0].tag_selectors[0].pattern: \"v?\" has a character that no tag has");
  EXPECT_EQ(refusal_of_rule(rule("always", "", selector("matches", "{a,{b}}"))),
            "rules[0].tag_selectors[0].pattern: \"{a,{b}}\" has braces that are not understood");
  EXPECT_EQ(refusal_of_rule(rule("always", "", selector("matches", "{a"))),
            "rules[0].tag_selectors[0].pattern: \"{a\" has braces that are not understood");
  EXPECT_EQ(refusal_of_rule(rule("always", "", tags, selector("repoMatches", "A"))),
            "rules[0].scope_selectors.repository[0].pattern: \"library/A\" has a character that no repository name has "
            "(they are lower case)");
  EXPECT_EQ(
      refusal_of_rule(rule("always", "", R"({"kind":"doublestar","decoration":"matches","pattern":"x","extras":"["})")),
      "rules[0].tag_selectors[0].extras: not valid JSON in UTF-8: incomplete JSON");
  EXPECT_EQ(refusal_of_rule(rule("always", "",
                                 R"({"kind":"doublestar","decoration":"matches","pattern":"x","extras":"{\"u\":1}"})")),
            "rules[0].tag_selectors[0].extras: u: is not known");
  EXPECT_FALSE(read_harbor_policy(R"({"algorithm":"or","rules":[]})", {.project = "Library"}));
}

}  // namespace
}  // namespace berth
