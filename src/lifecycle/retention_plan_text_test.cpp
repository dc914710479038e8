#include "lifecycle/retention_plan_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "lifecycle/retention_world_fixture.h"

namespace berth {
namespace {

using namespace retention_test;
using std::chrono::days;

World two_repositories() {
  World world;
  world.image("app", "one", {"v1"}, days(1));
  world.image("app", "two", {"pr-17"}, days(40));
  world.image("app", "three", {"pr-18"}, days(50)).front()->is_immutable = true;
  world.image("team/tools/builder", "four", {}, days(60));
  return world;
}

std::vector<RetentionRule> policy() {
  std::vector<RetentionRule> policy =
      rules({"delete tags pr-* older_than 30d", "delete state untagged older_than 30d"});
  policy[0].name = "old-prs";
  policy[1].name = "loose";
  return policy;
}

TEST(RetentionPlanText, IsATable) {
  const RetentionPlan plan = two_repositories().plan(policy());
  EXPECT_EQ(
      plan_table(plan, PlanLines::all),
      "ACTION   REPOSITORY          TAG    DIGEST               RULE     WHY\n"
      "delete   app                 pr-17  sha256:3fc4ccfe7458  old-prs  delete tags pr-* older_than 30d\n"
      "protect  app                 pr-18  sha256:8b5b9db0c13d  -        the tag is immutable (old-prs would delete "
      "it)\n"
      "keep     app                 v1     sha256:7692c3ad3540  -        no rule speaks about it\n"
      "delete   team/tools/builder  -      sha256:04efaf080f5a  loose    delete state untagged older_than 30d\n"
      "delete 1 tags and 1 untagged manifests, keep 1, protect 1; releases 2000\n"
      "plan " +
          plan.id + "\n");
  const std::string notable = plan_table(plan, PlanLines::notable);
  EXPECT_EQ(std::ranges::count(notable, '\n'), 6);
  EXPECT_EQ(notable.find("no rule"), std::string::npos);
}

TEST(RetentionPlanText, IsADiff) {
  EXPECT_EQ(plan_diff(two_repositories().plan(policy())),
            "- app:pr-17 " + digest_named("two").to_string() + "  old-prs\n" + "  app:pr-18 " +
                digest_named("three").to_string() + "  the tag is immutable (old-prs would delete it)\n" +
                "- team/tools/builder@" + digest_named("four").to_string() + "  loose\n");
  EXPECT_EQ(plan_diff(two_repositories().plan({})), "");
}

TEST(RetentionPlanText, IsJson) {
  const RetentionPlan plan = two_repositories().plan(policy());
  const boost::json::value json = boost::json::parse(plan_json(plan, PlanLines::all));
  EXPECT_EQ(json.at("id").as_string(), plan.id);
  EXPECT_EQ(json.at("now").as_string(), "2030-01-01T00:00:00Z");
  EXPECT_EQ(json.at("totals").at("deleted_tags").as_int64(), 1);
  EXPECT_EQ(json.at("totals").at("deleted_manifests").as_int64(), 1);
  EXPECT_EQ(json.at("totals").at("released_bytes").as_int64(), 2000);
  EXPECT_EQ(json.at("rules").as_array().size(), 2U);
  EXPECT_EQ(json.at("rules").at(0).at("text").as_string(), "delete tags pr-* older_than 30d");
  const boost::json::array& entries = json.at("entries").as_array();
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].at("tag").as_string(), "pr-17");
  EXPECT_EQ(entries[0].at("decision").as_string(), "delete");
  EXPECT_EQ(entries[0].at("rule").as_string(), "old-prs");
  EXPECT_TRUE(entries[0].at("overruled").is_null());
  EXPECT_EQ(entries[0].at("pushed").as_string(), "2029-11-22T00:00:00Z");
  EXPECT_EQ(entries[1].at("decision").as_string(), "protect");
  EXPECT_TRUE(entries[1].at("rule").is_null());
  EXPECT_EQ(entries[1].at("overruled").as_string(), "old-prs");
  EXPECT_TRUE(entries[3].at("tag").is_null());
  EXPECT_EQ(entries[3].at("digest").as_string(), digest_named("four").to_string());
  EXPECT_EQ(boost::json::parse(plan_json(plan, PlanLines::notable)).at("entries").as_array().size(), 3U);
}

TEST(RetentionPlanChanges, SayWhatIsDifferent) {
  const RetentionPlan shown = two_repositories().plan(policy());
  EXPECT_TRUE(changes_between(shown, two_repositories().plan(policy())).empty());

  World world;
  world.image("app", "one", {"v1"}, days(1));
  world.image("app", "other", {"pr-17"}, days(40));
  world.image("app", "five", {"pr-19"}, days(50));
  EXPECT_EQ(changes_between(shown, world.plan(policy())),
            (std::vector<std::string>{"app:pr-17 names " + digest_named("other").to_string() + " now",
                                      "team/tools/builder@" + digest_named("four").to_string() + " is gone",
                                      "app:pr-19 would be deleted, too"}));
  EXPECT_EQ(changes_between(shown, world.plan(policy()), 1).size(), 1U);
  EXPECT_EQ(changes_between(shown, two_repositories().plan({})), std::vector<std::string>{"the rules are others"});

  World again = two_repositories();
  again.image("team/tools/builder", "four", {}, days(45)).front()->is_child_of_index = true;
  again.image("app", "two", {"pr-17"}, days(31));
  EXPECT_EQ(changes_between(shown, again.plan(policy())),
            (std::vector<std::string>{"app:pr-17 was pushed again",
                                      "team/tools/builder@" + digest_named("four").to_string() +
                                          " stays now: an index in use names it (loose would delete it)"}));

  World typed = two_repositories();
  typed.image("app", "two", {"pr-17"}, days(40)).front()->artifact_type = "x/y";
  EXPECT_EQ(changes_between(shown, typed.plan(policy())),
            std::vector<std::string>{"the types of what would be deleted are others"});
}

}  // namespace
}  // namespace berth
