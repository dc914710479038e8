#include "lifecycle/retention_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lifecycle/retention_world_fixture.h"

namespace berth {
namespace {

using namespace retention_test;
using std::chrono::days;
using std::chrono::hours;
using Names = std::set<std::string>;

const RetentionEntry& entry_of(const RetentionPlan& plan, std::string_view tag) {
  const auto is_it = [tag](const RetentionEntry& entry) { return entry.fact.tag && entry.fact.tag->text() == tag; };
  return *std::ranges::find_if(plan.entries, is_it);
}

std::string why_of(const RetentionPlan& plan, std::string_view tag) {
  return why(plan, entry_of(plan, tag));
}

TEST(RetentionPlan, KeepsWhatNoRuleSpeaksAbout) {
  const RetentionPlan plan = with_tags({"a", "b"}).plan({});
  EXPECT_TRUE(deleted(plan).empty());
  EXPECT_EQ(plan.totals.kept, 2U);
  EXPECT_EQ(why_of(plan, "a"), "no rule speaks about it");
}

TEST(RetentionPlan, KeepBeatsDeleteAndProtectBeatsKeep) {
  const World world = with_tags({"a", "b", "c"});
  const RetentionPlan plan =
      world.plan(rules({"delete repositories **", "keep tags a,b", "protect tags b", "delete tags b"}));
  EXPECT_EQ(deleted(plan), Names{"c"});
  EXPECT_EQ(with_decision(plan, RetentionAction::keep), Names{"a"});
  EXPECT_EQ(with_decision(plan, RetentionAction::protect), Names{"b"});
  EXPECT_EQ(why_of(plan, "a"), "keep tags a,b (a would delete it)");
  EXPECT_EQ(why_of(plan, "b"), "protect tags b (a would delete it)");
  EXPECT_EQ(why_of(plan, "c"), "delete repositories **");
  EXPECT_EQ(entry_of(plan, "c").rule, 0U);
  EXPECT_EQ(entry_of(plan, "a").rule, 1U);
}

TEST(RetentionPlan, ImmutableTagsAndPinnedDigestsStay) {
  World world = with_tags({"a", "b", "c"});
  world.image("team/app", "d", {"d"}, days(1)).front()->is_immutable = true;
  world.image("team/app", "e", {"e"}, days(1)).front()->is_pinned = true;
  world.image("team/app", "f", {}, days(1)).front()->is_pinned = true;
  const RetentionPlan plan = world.plan(rules({"delete repositories **"}));
  EXPECT_EQ(deleted(plan), (Names{"a", "b", "c"}));
  EXPECT_EQ(with_decision(plan, RetentionAction::protect), (Names{"d", "e", short_name("f")}));
  EXPECT_EQ(why_of(plan, "d"), "the tag is immutable (a would delete it)");
  EXPECT_EQ(why_of(plan, "e"), "the digest is pinned (a would delete it)");
}

TEST(RetentionPlan, WhatAnIndexNamesStaysWithoutATag) {
  World world;
  world.image("r", "child", {}, days(9)).front()->is_child_of_index = true;
  world.image("r", "tagged-child", {"v1-amd64"}, days(9)).front()->is_child_of_index = true;
  const RetentionPlan plan = world.plan(rules({"delete repositories **"}));
  // The tag goes, the manifest stays where the index needs it.
  EXPECT_EQ(deleted(plan), Names{"v1-amd64"});
  EXPECT_EQ(plan.totals.deleted_manifests, 0U);
  EXPECT_EQ(plan.totals.released_bytes, 0U);
  EXPECT_EQ(why(plan, plan.entries.back()), "an index in use names it (a would delete it)");
}

TEST(RetentionPlan, AReferrerStaysWithItsSubject) {
  World world;
  world.image("r", "sbom", {}, days(9)).front()->has_live_subject = true;
  world.image("r", "signature", {"sha256-0f.sig"}, days(9)).front()->has_live_subject = true;
  const RetentionPlan plan = world.plan(rules({"delete repositories **"}));
  EXPECT_TRUE(deleted(plan).empty());
  EXPECT_EQ(why_of(plan, "sha256-0f.sig"), "what it refers to is in use (a would delete it)");
}

TEST(RetentionPlan, ATagGoesWithoutTheOthersOfItsManifest) {
  World world;
  world.image("r", "x", {"latest", "nightly"}, days(9));
  const RetentionPlan plan = world.plan(rules({"delete tags nightly"}));
  EXPECT_EQ(deleted(plan), Names{"nightly"});
  EXPECT_EQ(plan.totals.released_bytes, 0U);
  EXPECT_EQ(world.plan(rules({"delete repositories **"})).totals.released_bytes, 1000U);
}

TEST(RetentionPlan, ReleasesWhatNoRepositoryNames) {
  World world;
  world.image("a", "x", {"v1"}, days(9));
  world.image("b", "x", {"v1"}, days(9));
  EXPECT_EQ(world.plan(rules({"delete repositories a"})).totals.released_bytes, 0U);
  EXPECT_EQ(world.plan(rules({"delete repositories a,b"})).totals.released_bytes, 1000U);
}

TEST(RetentionPlan, ManifestsGoWithAllTheirTagsOrStay) {
  World world;
  world.image("r", "x", {"latest", "nightly"}, days(9));
  world.image("r", "y", {"nightly-2", "nightly-3"}, days(9));
  const auto gone = [&world](std::initializer_list<std::string_view> texts) {
    return deleted(world.plan(rules(texts)));
  };
  EXPECT_EQ(gone({"delete tags nightly* unit manifest"}), (Names{"latest", "nightly", "nightly-2", "nightly-3"}));
  EXPECT_EQ(gone({"delete tags nightly* unit manifest", "keep tags latest"}), (Names{"nightly-2", "nightly-3"}));
  EXPECT_EQ(gone({"delete tags nightly* unit manifest", "keep tags latest unit manifest"}),
            (Names{"nightly-2", "nightly-3"}));
  // The second rule needs no manifest to go.
  EXPECT_EQ(gone({"delete tags nightly* unit manifest", "keep tags latest", "delete tags nightly"}),
            (Names{"nightly", "nightly-2", "nightly-3"}));
  const RetentionPlan plan = world.plan(rules({"delete tags nightly* unit manifest", "protect tags latest"}));
  EXPECT_EQ(why_of(plan, "nightly"), "another tag of its manifest stays (a would delete it)");
}

TEST(RetentionPlan, OfAChainTheFirstThatSelectsDecides) {
  const World world = with_tags({"v1", "v2", "dev"});
  EXPECT_EQ(deleted(world.plan(rules({"delete tags v* beyond 1 chain x", "delete repositories ** chain x"}))),
            (Names{"v2", "dev"}));
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** chain x", "delete tags v* beyond 1 chain x"}))),
            (Names{"v1", "v2", "dev"}));
  // A keep rule that comes later in its chain does not speak about what was selected before.
  EXPECT_EQ(deleted(world.plan(rules({"delete tags v* chain x", "keep chain x"}))), (Names{"v1", "v2"}));
  EXPECT_TRUE(deleted(world.plan(rules({"delete tags v* chain x", "keep chain y"}))).empty());
}

TEST(RetentionPlan, WhatIsCalledUntaggedButHasATagStays) {
  World world;
  world.image("r", "x", {"v1"}, days(9));
  world.image("r", "x", {}, days(9));
  const RetentionPlan plan = world.plan(rules({"delete state untagged"}));
  EXPECT_TRUE(deleted(plan).empty());
  EXPECT_EQ(why(plan, plan.entries.back()), "a tag names it (a would delete it)");
}

TEST(RetentionPlan, OfTwoFactsAboutOneThingTheSaferHolds) {
  World world;
  world.image("r", "x", {"v1"}, days(90));
  world.image("r", "x", {"v1"}, days(1));
  const RetentionPlan plan = world.plan(rules({"delete older_than 30d"}));
  ASSERT_EQ(plan.entries.size(), 1U);
  EXPECT_TRUE(deleted(plan).empty());
}

TEST(RetentionPlanId, IsTheSameForTheSameDeletions) {
  const auto policy = [] { return rules({"delete repositories ** beyond 2"}); };
  const RetentionPlan plan = with_tags({"a", "b", "c"}).plan(policy());
  EXPECT_EQ(plan.id.size(), 64U);
  EXPECT_EQ(plan.id, with_tags({"a", "b", "c"}).plan(policy()).id);
  // Neither time, nor a pull, nor a tag of a repository that loses nothing makes another plan of it.
  World later = with_tags({"a", "b", "c"});
  later.image("elsewhere", "x", {"x"}, days(1), hours(1));
  RetentionWorld facts = later.facts();
  facts.now += hours(5);
  EXPECT_EQ(plan.id, plan_retention(facts, policy()).id);
}

TEST(RetentionPlanId, ChangesWithWhatWouldBeDeletedAndWhy) {
  const auto policy = [] { return rules({"delete repositories ** beyond 2"}); };
  const std::string id = with_tags({"a", "b", "c"}).plan(policy()).id;
  EXPECT_NE(id, with_tags({"new", "a", "b", "c"}).plan(policy()).id);
  EXPECT_NE(id, with_tags({"a", "b"}).plan(policy()).id);
  World moved = with_tags({"a", "b"});
  moved.image("team/app", "another", {"c"}, days(3));
  EXPECT_NE(id, moved.plan(policy()).id);
  World again = with_tags({"a", "b"});
  again.image("team/app", "c", {"c"}, days(4));
  EXPECT_NE(id, again.plan(policy()).id);
  std::vector<RetentionRule> renamed = policy();
  renamed.front().name = "other";
  EXPECT_NE(id, with_tags({"a", "b", "c"}).plan(renamed).id);
  EXPECT_NE(id, with_tags({"a", "b", "c"}).plan(rules({"delete repositories ** beyond 2", "protect tags x"})).id);
}

}  // namespace
}  // namespace berth
