// The examples of the user guide of ECR, "Examples of lifecycle policies": a repository, a policy, and what it says
// becomes of it; and what its "Lifecycle policy properties" and "evaluation rules" say is no policy.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <initializer_list>

#include "lifecycle/retention_readers.h"
#include "lifecycle/retention_world_fixture.h"

namespace berth {
namespace {

using namespace retention_test;
using std::chrono::days;
using std::chrono::seconds;

/// One rule: `selection` is what stands in it beside its braces.
std::string rule(int priority, std::string_view selection) {
  return fmt::format(R"({{"rulePriority":{},"description":"Rule {}","selection":{{{}}},"action":{{"type":"expire"}}}})",
                     priority, priority, selection);
}

std::string policy(std::initializer_list<std::string> rules) {
  return fmt::format(R"({{"rules":[{}]}})", fmt::join(rules, ","));
}

std::string more_than(int count, std::string_view selection) {
  return fmt::format(R"({},"countType":"imageCountMoreThan","countNumber":{})", selection, count);
}

std::string since_push(int count, std::string_view selection) {
  return fmt::format(R"({},"countType":"sinceImagePushed","countUnit":"days","countNumber":{})", selection, count);
}

std::string prefixes(std::string_view list) {
  return fmt::format(R"("tagStatus":"tagged","tagPrefixList":[{}])", list);
}

std::string patterns(std::string_view list) {
  return fmt::format(R"("tagStatus":"tagged","tagPatternList":[{}])", list);
}

constexpr std::string_view kUntagged = R"("tagStatus":"untagged")";
constexpr std::string_view kAny = R"("tagStatus":"any")";

struct Image {
  const char* name;
  std::vector<std::string> tags;
  std::chrono::seconds age;
};

/// The names of the images that are expired: all of whose tags go.
std::string expired(std::initializer_list<Image> images, const std::string& json) {
  const auto rules = read_ecr_policy(json);
  if (!rules) return "refused: " + rules.error().message;
  World world;
  for (const Image& image : images) world.image("app", image.name, image.tags, image.age);
  const std::set<Digest> stays = staying(world.plan(*rules));
  std::string names;
  for (const Image& image : images) {
    if (!stays.contains(digest_named(image.name))) names += image.name;
  }
  return names;
}

std::string refusal_of(const std::string& json) {
  const auto rules = read_ecr_policy(json);
  if (rules) return "accepted";
  EXPECT_EQ(rules.error().code, ErrorCode::request_invalid);
  return rules.error().message;
}

TEST(EcrExamples, FilteringOnImageAge) {
  const std::initializer_list<Image> images{
      {"A", {"prod-1"}, days(15)}, {"B", {"prod-2"}, days(13)}, {"C", {"beta-1"}, days(20)}, {"D", {}, days(20)}};
  EXPECT_EQ(expired(images, policy({rule(1, since_push(14, patterns(R"("prod*")")))})), "A");
  EXPECT_EQ(expired(images, policy({rule(1, since_push(14, kUntagged))})), "D");
}

TEST(EcrExamples, FilteringOnImageCount) {
  EXPECT_EQ(expired({{"A", {}, days(3)}, {"B", {}, days(2)}, {"C", {}, days(1)}, {"D", {"prod"}, days(9)}},
                    policy({rule(1, more_than(1, kUntagged))})),
            "AB");
}

const std::initializer_list<Image> kBetaAndProd{
    {"A", {"beta-1", "prod-1"}, days(10)}, {"B", {"beta-2", "prod-2"}, days(9)}, {"C", {"beta-3"}, days(8)}};

TEST(EcrExamples, MultipleRulesA) {
  for (const auto& select : {prefixes, patterns}) {
    const bool is_prefix = select == prefixes;
    EXPECT_EQ(expired(kBetaAndProd, policy({rule(1, more_than(1, select(is_prefix ? R"("prod")" : R"("prod*")"))),
                                            rule(2, more_than(1, select(is_prefix ? R"("beta")" : R"("beta*")")))})),
              "A");
  }
}

TEST(EcrExamples, MultipleRulesB) {
  EXPECT_EQ(expired(kBetaAndProd, policy({rule(1, more_than(1, prefixes(R"("beta")"))),
                                          rule(2, more_than(1, prefixes(R"("prod")")))})),
            "AB");
}

TEST(EcrExamples, TheNumberDecidesAndNotThePlace) {
  EXPECT_EQ(expired(kBetaAndProd, policy({rule(20, more_than(1, prefixes(R"("prod")"))),
                                          rule(10, more_than(1, prefixes(R"("beta")")))})),
            "AB");
}

TEST(EcrExamples, MultipleTagsInARuleA) {
  const std::initializer_list<Image> images{
      {"A", {"alpha-1"}, days(12)}, {"B", {"beta-1"}, days(11)}, {"C", {"alpha-2", "beta-2"}, days(10)},
      {"D", {"alpha-3"}, days(4)},  {"E", {"beta-3"}, days(3)},  {"F", {"alpha-4", "beta-4"}, days(2)}};
  EXPECT_EQ(expired(images, policy({rule(1, since_push(5, prefixes(R"("alpha","beta")")))})), "C");
  EXPECT_EQ(expired(images, policy({rule(1, since_push(5, patterns(R"("alpha*","beta*")")))})), "C");
}

TEST(EcrExamples, MultipleTagsInARuleB) {
  EXPECT_EQ(expired({{"A", {"alpha-1", "beta-1", "gamma-1"}, days(10)},
                     {"B", {"alpha-2", "beta-2"}, days(9)},
                     {"C", {"alpha-3", "beta-3", "gamma-2"}, days(8)}},
                    policy({rule(1, more_than(1, prefixes(R"("alpha","beta")")))})),
            "AB");
}

TEST(EcrExamples, AllImagesA) {
  EXPECT_EQ(
      expired(
          {{"A", {"alpha-1"}, days(4)}, {"B", {"beta-1"}, days(3)}, {"C", {}, days(2)}, {"D", {"alpha-2"}, days(1)}},
          policy({rule(1, more_than(1, kAny))})),
      "ABC");
}

TEST(EcrExamples, AllImagesB) {
  // D and E are both a day old; the example has E as the newest.
  EXPECT_EQ(expired({{"A", {"alpha-1", "beta-1"}, days(4)},
                     {"B", {}, days(3)},
                     {"C", {"alpha-2"}, days(2)},
                     {"D", {"git-hash"}, days(1) + seconds(1)},
                     {"E", {}, days(1)}},
                    policy({rule(1, more_than(1, patterns(R"("alpha*")"))), rule(2, since_push(1, kUntagged)),
                            rule(3, more_than(1, kAny))})),
            "ABD");
}

TEST(EcrPolicy, CountsDaysSinceThePull) {
  const auto rules = read_ecr_policy(policy({rule(1, R"("tagStatus":"any","storageClass":"standard",)"
                                                     R"("countType":"sinceImagePulled","countUnit":"days",)"
                                                     R"("countNumber":90)")}));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->front().text(), "delete unit manifest not_pulled_for 90d chain ecr");
}

TEST(EcrPolicy, IsAboutTheRepositoriesItIsFor) {
  const auto rules = read_ecr_policy(policy({rule(7, more_than(3, prefixes(R"("prod")")))}),
                                     {.name = "web", .repositories = {NamePattern::parse_repository("web").value()}});
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->front().name, "web-7");
  EXPECT_EQ(rules->front().description, "Rule 7");
  EXPECT_EQ(rules->front().text(), "delete repositories web tags prod* unit manifest beyond 3 chain web");
  EXPECT_FALSE(read_ecr_policy("{}", {.name = "a b"}));
}

TEST(EcrPolicy, NeverExpiresWhatAnIndexNames) {
  World world;
  world.image("app", "child", {}, days(90)).front()->is_child_of_index = true;
  world.image("app", "loose", {}, days(90));
  const RetentionPlan plan = world.plan(read_ecr_policy(policy({rule(1, since_push(14, kUntagged))})).value());
  EXPECT_EQ(deleted(plan), std::set<std::string>{short_name("loose")});
}

TEST(EcrPolicy, MaybeHasNoRules) {
  EXPECT_EQ(read_ecr_policy(R"({"rules":[]})")->size(), 0U);
}

TEST(EcrPolicy, SaysWhatIsWrong) {
  EXPECT_NE(refusal_of("").find("not valid JSON"), std::string::npos);
  EXPECT_EQ(refusal_of("[]"), "the policy: not an object");
  EXPECT_EQ(refusal_of("{}"), "rules: missing");
  EXPECT_EQ(refusal_of(R"({"rules":{}})"), "rules: not a list");
  EXPECT_EQ(refusal_of(R"({"rules":[1]})"), "rules[0]: not an object");
  EXPECT_EQ(refusal_of(R"({"rules":[],"rules":[]})"), "rules: appears twice");
  EXPECT_EQ(refusal_of(std::string(200'000, ' ')), "more than 131072 bytes");
  const auto refusal_of_selection = [](const std::string& selection) {
    return refusal_of(policy({rule(1, selection)}));
  };
  EXPECT_EQ(refusal_of_selection(R"("tagStatus":"some","countType":"imageCountMoreThan","countNumber":1)"),
            "rules[0].selection.tagStatus: \"some\" is not one of tagged, untagged, any");
  EXPECT_EQ(refusal_of_selection(more_than(1, R"("tagStatus":"tagged")")),
            "rules[0].selection.tagPatternList: missing, and so is tagPrefixList");
  EXPECT_EQ(refusal_of_selection(more_than(1, R"("tagStatus":"untagged","tagPrefixList":["a"])")),
            "rules[0].selection.tagPrefixList: has no place beside a tagStatus that is not tagged");
  EXPECT_EQ(refusal_of_selection(more_than(1, R"("tagStatus":"tagged","tagPrefixList":["a"],"tagPatternList":["a"])")),
            "rules[0].selection.tagPatternList: stands beside tagPrefixList");
  EXPECT_EQ(refusal_of_selection(more_than(1, patterns(R"("a","b/c")"))),
            "rules[0].selection.tagPatternList[1]: \"b/c\" matches no tag");
  EXPECT_EQ(refusal_of_selection(more_than(1, prefixes(R"("a*")"))),
            "rules[0].selection.tagPrefixList[0]: \"a*\" matches no tag");
  EXPECT_EQ(refusal_of_selection(more_than(1, prefixes("7"))), "rules[0].selection.tagPrefixList[0]: not a string");
  EXPECT_EQ(refusal_of_selection(more_than(0, kAny)),
            "rules[0].selection.countNumber: not a whole number from 1 to 1000000");
  EXPECT_EQ(refusal_of_selection(more_than(1, R"("tagStatus":"any","countUnit":"days")")),
            "rules[0].selection.countUnit: has no place beside imageCountMoreThan");
  EXPECT_EQ(refusal_of_selection(R"("tagStatus":"any","countType":"sinceImagePushed","countNumber":1)"),
            "rules[0].selection.countUnit: missing");
  EXPECT_EQ(
      refusal_of_selection(R"("tagStatus":"any","countType":"sinceImagePushed","countUnit":"hours","countNumber":1)"),
      "rules[0].selection.countUnit: is not days");
  EXPECT_EQ(refusal_of_selection(
                R"("tagStatus":"any","countType":"sinceImageTransitioned","countUnit":"days","countNumber":1)"),
            "rules[0].selection.countType: \"sinceImageTransitioned\" is not known");
  EXPECT_EQ(refusal_of_selection(more_than(1, R"("tagStatus":"any","storageClass":"archive")")),
            "rules[0].selection.storageClass: nothing is archived here");
  EXPECT_EQ(refusal_of_selection(more_than(1, R"("tagStatus":"any","tagList":[])")),
            "rules[0].selection.tagList: is not known");
  EXPECT_EQ(refusal_of(R"({"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan",)"
                       R"("countNumber":1},"action":{"type":"transition","targetStorageClass":"archive"}}]})"),
            "rules[0].action.targetStorageClass: is not known");
  EXPECT_EQ(refusal_of(R"({"rules":[{"selection":{}}]})"), "rules[0].rulePriority: missing");
}

TEST(EcrPolicy, RefusesRulesThatDoNotGoTogether) {
  const std::string prod = more_than(1, prefixes(R"("prod","beta")"));
  EXPECT_EQ(refusal_of(policy({rule(1, prod), rule(1, more_than(1, kAny))})), "rules: two have the priority 1");
  EXPECT_EQ(refusal_of(policy({rule(2, prod), rule(1, more_than(1, kAny))})),
            "rules: the one with the priority 1 is about any and not last");
  EXPECT_EQ(refusal_of(policy({rule(1, since_push(1, kUntagged)), rule(2, more_than(1, kUntagged))})),
            "rules: more than one is about untagged images");
  EXPECT_EQ(refusal_of(policy({rule(1, prod), rule(2, since_push(1, prefixes(R"("beta","prod")")))})),
            "rules: two are about the same tags");
}

}  // namespace
}  // namespace berth
