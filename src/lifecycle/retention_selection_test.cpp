// What a rule speaks about: by what things are, how old they are, and their rank.
#include "lifecycle/retention_selection.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "lifecycle/retention_world_fixture.h"

namespace berth {
namespace {

using namespace retention_test;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using Names = std::set<std::string>;

TEST(RetentionSelection, SelectsByRepository) {
  World world;
  for (const char* repository : {"team/app", "team/prod/app", "other"}) world.image(repository, "x", {"v1"}, days(9));
  const RetentionPlan plan = world.plan(rules({"delete repositories team/** except_repositories team/prod/**"}));
  ASSERT_EQ(plan.entries.size(), 3U);
  EXPECT_EQ(plan.entries[0].repository.text(), "other");
  EXPECT_EQ(plan.entries[0].decision, RetentionAction::keep);
  EXPECT_EQ(plan.entries[1].decision, RetentionAction::remove);
  EXPECT_EQ(plan.entries[2].decision, RetentionAction::keep);
}

TEST(RetentionSelection, SelectsByTagAndState) {
  World world = with_tags({"v1", "v2-rc", "dev"});
  world.image("team/app", "loose", {}, days(3));
  const auto gone = [&world](std::string_view rule) { return deleted(world.plan(rules({rule}))); };
  EXPECT_EQ(gone("delete tags v*"), (Names{"v1", "v2-rc"}));
  EXPECT_EQ(gone("delete tags v*,dev"), (Names{"v1", "v2-rc", "dev"}));
  EXPECT_EQ(gone("delete tags v*,*-rc tag_match all"), Names{"v2-rc"});
  EXPECT_EQ(gone("delete tags v* except_tags *-rc"), Names{"v1"});
  EXPECT_EQ(gone("delete except_tags v*"), Names{"dev"});
  EXPECT_EQ(gone("delete state untagged"), Names{short_name("loose")});
  EXPECT_EQ(gone("delete tags v1 state any"), (Names{"v1", short_name("loose")}));
  EXPECT_EQ(gone("delete repositories **").size(), 4U);
}

TEST(RetentionSelection, SelectsByType) {
  World world;
  world.image("r", "image", {"image"}, days(1));
  world.image("r", "chart", {"chart"}, days(1)).front()->artifact_type = "application/vnd.cncf.helm.config.v1+json";
  EXPECT_EQ(deleted(world.plan(rules({"delete artifact_types application/vnd.cncf.helm.*"}))), Names{"chart"});
  EXPECT_EQ(deleted(world.plan(rules({"delete artifact_types application/vnd.oci.image.manifest.v1+json"}))),
            (Names{"chart", "image"}));
}

TEST(RetentionSelection, OlderThanMeansMoreThan) {
  World world;
  world.image("r", "a", {"exactly"}, days(30));
  world.image("r", "b", {"longer"}, days(30) + seconds(1));
  EXPECT_EQ(deleted(world.plan(rules({"delete older_than 30d"}))), Names{"longer"});
  EXPECT_EQ(deleted(world.plan(rules({"delete pushed_within 30d"}))), Names{"exactly"});
}

TEST(RetentionSelection, WhatWasNeverPulledCountsFromItsPush) {
  World world;
  world.image("r", "a", {"never"}, days(20));
  world.image("r", "b", {"just-pushed"}, days(1));
  world.image("r", "c", {"long-ago"}, days(90), days(20));
  world.image("r", "d", {"lately"}, days(90), days(1));
  // A tag that moved to an old manifest: nobody could have pulled it under this tag before.
  world.image("r", "e", {"moved"}, days(1), days(90));
  EXPECT_EQ(deleted(world.plan(rules({"delete not_pulled_for 14d"}))), (Names{"never", "long-ago"}));
  EXPECT_EQ(deleted(world.plan(rules({"delete pulled_within 14d"}))), (Names{"just-pushed", "lately", "moved"}));
}

TEST(RetentionSelection, TheFutureIsYoung) {
  World world;
  world.image("r", "a", {"a"}, -days(3));
  EXPECT_TRUE(deleted(world.plan(rules({"delete older_than 0s"}))).empty());
}

TEST(RetentionSelection, RanksByPush) {
  const World world = with_tags({"a", "b", "c", "d"});
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 3"}))), Names{"d"});
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** newest 2"}))), (Names{"a", "b"}));
  EXPECT_EQ(deleted(world.plan(rules({"keep newest 1", "delete repositories **"}))), (Names{"b", "c", "d"}));
}

TEST(RetentionSelection, AgeDoesNotChangeWhoIsRanked) {
  // Of the two newest nobody is older than two days; the third and fourth are, and are beyond.
  const World world = with_tags({"a", "b", "c", "d"});
  EXPECT_EQ(deleted(world.plan(rules({"delete beyond 2 older_than 2d"}))), (Names{"c", "d"}));
  EXPECT_EQ(deleted(world.plan(rules({"delete beyond 2 older_than 3d"}))), Names{"d"});
}

TEST(RetentionSelection, RanksWithinTheSelectionOrTheRepository) {
  const World world = with_tags({"pr-1", "v1", "pr-2", "pr-3"});
  EXPECT_EQ(deleted(world.plan(rules({"delete tags pr-* beyond 2"}))), Names{"pr-3"});
  EXPECT_EQ(deleted(world.plan(rules({"delete tags pr-* beyond 2 rank_in repository"}))), (Names{"pr-2", "pr-3"}));
}

TEST(RetentionSelection, RanksInEachRepositoryApart) {
  World world;
  for (const char* repository : {"a", "b"}) {
    world.image(repository, "1", {"new"}, repository[0] == 'a' ? days(1) : days(50));
    world.image(repository, "2", {"old"}, days(60));
  }
  const RetentionPlan plan = world.plan(rules({"delete repositories ** beyond 1"}));
  EXPECT_EQ(deleted(plan), Names{"old"});
  EXPECT_EQ(plan.totals.deleted_tags, 2U);
}

TEST(RetentionSelection, RanksByPull) {
  World world;
  world.image("r", "a", {"busy"}, days(90), days(1));
  world.image("r", "b", {"new"}, days(2));
  world.image("r", "c", {"idle"}, days(30), days(29));
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 1 rank_by pull"}))), (Names{"new", "idle"}));
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 2 rank_by pull"}))), Names{"new"});
}

TEST(RetentionSelection, RanksBySemver) {
  // Pushed in another order than they are numbered; `latest` and `v1` are no versions and are left alone.
  const World world = with_tags({"v1.9.0", "v1.10.0", "1.2", "v1", "v2.0.0-rc.1", "latest", "v0.1.0"});
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 2 rank_by semver"}))),
            (Names{"v1.9.0", "1.2", "v0.1.0"}));
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** newest 1 rank_by semver"}))), Names{"v2.0.0-rc.1"});
  // They have no rank, but that does not save them from another rule.
  EXPECT_EQ(deleted(world.plan(rules({"keep newest 4 rank_by semver", "delete tags v*,latest"}))),
            (Names{"latest", "v1", "v0.1.0"}));
}

TEST(RetentionSelection, EqualRanksGoByName) {
  World world;
  for (const char* tag : {"c", "a", "b"}) world.image("r", tag, {tag}, days(1));
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 1"}))), (Names{"b", "c"}));
  World versions;
  for (const char* tag : {"v1.2.0", "1.2"}) versions.image("r", tag, {tag}, days(1));
  EXPECT_EQ(deleted(versions.plan(rules({"delete repositories ** beyond 1 rank_by semver"}))), Names{"v1.2.0"});
}

TEST(RetentionSelection, WhatIsHeldTakesNoPlaceInARank) {
  World world = with_tags({"v1", "v2"});
  for (const char* child : {"amd64", "arm64"}) {
    world.image("team/app", child, {}, hours(1)).front()->is_child_of_index = true;
  }
  world.image("team/app", "s", {"sha256-0f.sig"}, hours(1)).front()->has_live_subject = true;
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 1"}))), Names{"v2"});
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 1 rank_in repository"}))), Names{"v2"});
}

TEST(RetentionSelection, AManifestIsAsYoungAsItsYoungestTag) {
  World world;
  world.image("r", "x", {"old"}, days(90));
  world.image("r", "x", {"new"}, days(1));
  EXPECT_EQ(deleted(world.plan(rules({"delete older_than 30d"}))), Names{"old"});
  EXPECT_TRUE(deleted(world.plan(rules({"delete older_than 30d unit manifest"}))).empty());
}

TEST(RetentionSelection, CountsManifestsOnce) {
  World world;
  world.image("r", "x", {"v3", "latest", "stable"}, days(1));
  world.image("r", "y", {"v2"}, days(2));
  world.image("r", "z", {"v1"}, days(3));
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 2 unit manifest"}))), Names{"v1"});
  EXPECT_EQ(deleted(world.plan(rules({"delete repositories ** beyond 3"}))), (Names{"v1", "v2"}));
}

}  // namespace
}  // namespace berth
