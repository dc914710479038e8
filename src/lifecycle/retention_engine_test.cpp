#include "lifecycle/retention_engine.h"

#include <algorithm>
#include <map>

#include "content/cosign_tag.h"
#include "lifecycle/retention_plan_text.h"
#include "lifecycle/retention_property_fixture.h"
#include "lifecycle/retention_store_fixture.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using namespace retention_test;

constexpr std::uint64_t kWorlds = 150;

using MakeStore = StoreUnderRetention (*)();

class RetentionEngineTest : public testing::TestWithParam<MakeStore> {
 protected:
  RetainedRegistry registry_{GetParam()()};
};

INSTANTIATE_TEST_SUITE_P(Stores, RetentionEngineTest, testing::Values(memory_store, sqlite_store),
                         [](const testing::TestParamInfo<MakeStore>& info) {
                           return std::string(info.param == memory_store ? "memory" : "sqlite");
                         });

std::set<std::string> named(const RetentionPlan& plan, RetentionAction decision) {
  std::set<std::string> names;
  for (const RetentionEntry& entry : plan.entries) {
    if (entry.decision == decision) names.insert(entry.fact.tag ? entry.fact.tag->text() : entry.fact.digest.hex());
  }
  return names;
}

TEST_P(RetentionEngineTest, DeletesWhatThePlanSays) {
  registry_.push("team/app", "one", {"v1", "latest"});
  registry_.push("team/app", "two", {"pr-1"});
  registry_.push("team/app", "loose", {});
  registry_.push("other", "three", {"pr-1"});
  registry_.clock.advance(24h * 40);
  registry_.push("team/app", "young", {"pr-2"});
  const RetentionPlan plan = registry_.plan(rules_called(
      {"delete repositories team/** tags pr-* older_than 30d", "delete repositories team/** state untagged"}));
  EXPECT_EQ(named(plan, RetentionAction::remove), (std::set{std::string("pr-1"), digest_called("loose").hex()}));
  EXPECT_EQ(plan.entries.size(), 5U) << "a repository that no delete rule is about is left out";
  const RetentionReport report = registry_.carry_out(plan);
  EXPECT_EQ(report.deleted_tags, 1U);
  EXPECT_EQ(report.deleted_manifests, 1U);
  EXPECT_EQ(report.left, 0U);
  EXPECT_EQ(registry_.tags("team/app"), (std::set<std::string>{"v1", "latest", "pr-2"}));
  EXPECT_TRUE(registry_.has("team/app", "two")) << "the collector does the rest";
  EXPECT_FALSE(registry_.has("team/app", "loose"));
  EXPECT_EQ(registry_.tags("other"), (std::set<std::string>{"pr-1"}));
}

TEST_P(RetentionEngineTest, WhatIsHeldStaysAndThePlanSaysWhy) {
  const std::string cosign = "sha256-" + digest_called("image").hex() + ".sig";
  registry_.push("app", "child", {});
  registry_.push("app", "index", {"index"}, {"child"});
  registry_.push("app", "image", {"image"});
  registry_.push("app", "signature", {cosign});
  registry_.push("app", "referrer", {}, {}, "image");
  registry_.push("app", "protected", {"v1"});
  registry_.push("app", "orphan", {}, {}, "gone");
  registry_.access = protecting("v*");
  registry_.clock.advance(1h);
  const RetentionPlan later =
      registry_.plan(rules_called({"delete older_than 0s", "keep tags index", "keep tags image"}));
  EXPECT_EQ(named(later, RetentionAction::remove), (std::set{digest_called("orphan").hex()}));
  registry_.carry_out(later);
  for (const char* name : {"child", "index", "image", "signature", "referrer", "protected"}) {
    EXPECT_TRUE(registry_.has("app", name)) << name;
  }
  EXPECT_EQ(registry_.tags("app"), (std::set<std::string>{"index", "image", cosign, "v1"}));
  const std::string table = plan_table(later, PlanLines::notable);
  for (const char* reason : {"an index in use names it", "what it refers to is in use", "the tag is immutable"}) {
    EXPECT_NE(table.find(reason), std::string::npos) << reason << "\n" << table;
  }
}

TEST_P(RetentionEngineTest, WhatAClientWasToldOfStays) {
  registry_.push("app", "promised", {}, {}, {}, 24h);
  registry_.clock.advance(1h);
  const auto rules = rules_called({"delete state untagged"});
  const RetentionPlan plan = registry_.plan(rules);
  EXPECT_TRUE(named(plan, RetentionAction::remove).empty());
  EXPECT_NE(plan_table(plan, PlanLines::notable).find("a client was told that it exists"), std::string::npos);
  registry_.clock.advance(24h);
  EXPECT_EQ(named(registry_.plan(rules), RetentionAction::remove).size(), 1U);
}

TEST_P(RetentionEngineTest, ATagThatMovesMeanwhileStays) {
  registry_.push("app", "old", {"dev", "dev-2"});
  registry_.clock.advance(1h);
  const RetentionPlan plan = registry_.plan(rules_called({"delete tags dev* older_than 0s"}));
  registry_.push("app", "new", {"dev"});
  std::vector<RetentionLeft> left;
  const RetentionReport report =
      registry_.carry_out(plan, {.on_left = [&left](const RetentionLeft& each) { left.push_back(each); }});
  EXPECT_EQ(report.deleted_tags, 1U);
  EXPECT_EQ(report.left, 1U);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].name, "app:dev");
  EXPECT_EQ(left[0].outcome, DeletionOutcome::changed);
  EXPECT_EQ(registry_.names("app", "dev"), digest_called("new"));
}

TEST_P(RetentionEngineTest, AProtectionThatCameMeanwhileHolds) {
  registry_.push("app", "image", {"v1"});
  const RetentionPlan plan = registry_.plan(rules_called({"delete tags *"}));
  registry_.access = protecting("v*");
  EXPECT_EQ(registry_.carry_out(plan).left, 1U);
  EXPECT_EQ(registry_.tags("app").size(), 1U);
}

TEST_P(RetentionEngineTest, AgesCountFromTheLastPull) {
  registry_.push("app", "used", {"used"});
  registry_.push("app", "unused", {"unused"});
  registry_.clock.advance(24h * 50);
  run_task(registry_.retention().record_pulls(
      {{RepositoryName::parse("app").value(), digest_called("used"), registry_.clock.now()}}));
  registry_.clock.advance(24h * 20);
  const RetentionPlan plan = registry_.plan(rules_called({"delete not_pulled_for 60d"}));
  EXPECT_EQ(named(plan, RetentionAction::remove), std::set<std::string>{"unused"});
}

TEST_P(RetentionEngineTest, IsStoppedBetweenTwoBatches) {
  RetainedRegistry registry(GetParam()(), {.batch_size = 2, .deletions_per_second = 0});
  for (int i = 0; i < 5; ++i) registry.push("app", "image-" + std::to_string(i), {"v" + std::to_string(i)});
  registry.push("web", "image", {"v1"});
  const RetentionPlan plan = registry.plan(rules_called({"delete tags v*"}));
  int asked = 0;
  const RetentionReport report = registry.carry_out(plan, {.should_stop = [&asked] { return ++asked > 2; }});
  EXPECT_TRUE(report.was_stopped);
  EXPECT_EQ(report.deleted_tags, 4U);
  const RetentionReport rest = registry.carry_out(registry.plan(rules_called({"delete tags v*"})));
  EXPECT_EQ(rest.deleted_tags, 2U);
  EXPECT_FALSE(rest.was_stopped);
}

TEST_P(RetentionEngineTest, ThereIsALimitForOnePlanAndNoneForARun) {
  RetainedRegistry registry(GetParam()(), {.entry_limit = 3, .deletions_per_second = 0});
  for (const char* name : {"a", "b", "c"}) registry.push(name, "image", {"v1", "v2"});
  registry.push("large", "image", {"v1", "v2", "v3", "v4"});
  const auto rules = rules_called({"delete tags v1"});
  const auto refused = run_task(registry.engine().plan(std::nullopt, rules, registry.clock.now()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::request_invalid);
  EXPECT_NE(refused.error().message.find("retention.entries"), std::string::npos);
  EXPECT_TRUE(run_task(registry.engine().plan(RepositoryName::parse("a").value(), rules, registry.clock.now())));
  const RetentionReport report = run_task(registry.engine().run(rules, "retention", {}));
  EXPECT_EQ(report.deleted_tags, 3U);
  EXPECT_EQ(report.repositories_left_out, 1U);
  EXPECT_EQ(registry.tags("large").size(), 4U) << "it alone has more";
}

TEST_P(RetentionEngineTest, ARepositoryThatIsNotThereIsRefused) {
  const auto refused = run_task(registry_.engine().plan(RepositoryName::parse("none").value(),
                                                        rules_called({"delete tags *"}), registry_.clock.now()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
}

// --- random worlds ------------------------------------------------------------------------------------------------

constexpr std::array<const char*, 3> kNames{"app", "team/app", "team/web"};

/// The same pushes to any store.
void push_random_world(RetainedRegistry& registry, Dice& dice) {
  for (const char* repository : kNames) {
    std::vector<std::string> there;
    for (std::size_t i = 0; i < 2 + dice.below(10); ++i) {
      registry.clock.advance(std::chrono::hours(dice.below(30)));
      const std::string name = "m" + std::to_string(dice.below(12));
      std::vector<std::string> tags;
      for (const char* tag : kTags) {
        if (dice.once_in(8)) tags.emplace_back(tag);
      }
      std::vector<std::string> children;
      std::string subject;
      if (!there.empty() && dice.once_in(4)) children.push_back(there[dice.below(there.size())]);
      if (!there.empty() && dice.once_in(5)) subject = there[dice.below(there.size())];
      if (dice.once_in(9)) subject = "gone";
      if (!there.empty() && dice.once_in(6)) {
        const std::string& about = dice.once_in(4) ? std::string("gone") : there[dice.below(there.size())];
        tags.push_back("sha256-" + digest_called(about).hex() + ".sig");
      }
      registry.push(repository, name, tags, children, subject, std::chrono::hours(dice.below(40)));
      there.push_back(name);
      if (dice.once_in(4)) {
        run_task(registry.retention().record_pulls(
            {{RepositoryName::parse(repository).value(), digest_called(there[dice.below(there.size())]),
              registry.clock.now()}}));
      }
    }
  }
}

/// All that a repository holds, as the store says it.
std::map<Digest, HeldManifest> holdings(RetainedRegistry& registry, const char* repository) {
  std::map<Digest, HeldManifest> held;
  std::vector<HeldManifest> all =
      run_task(registry.retention().held_manifests(RepositoryName::parse(repository).value(), 1000)).value();
  for (HeldManifest& each : all) {
    const Digest digest = each.digest;
    held.emplace(digest, std::move(each));
  }
  return held;
}

/// Whatever the rules were: what held something has kept it.
void expect_what_was_held(const std::map<Digest, HeldManifest>& before, const std::map<Digest, HeldManifest>& after,
                          WallTime now) {
  for (const auto& [digest, was] : before) {
    const auto is = after.find(digest);
    const bool was_held =
        was.is_child_of_index || was.has_live_subject || was.promised_until > now || !was.tags.empty();
    if (was_held) EXPECT_TRUE(is != after.end()) << digest.to_string();
    for (const NamingTag& naming : was.tags) {
      const auto subject = cosign_subject(naming.tag);
      const bool is_signature = was.has_live_subject || (subject && before.contains(*subject));
      const bool is_protected = naming.tag.text().starts_with("v1") || naming.tag.text() == "latest";
      if (!is_signature && !is_protected) continue;
      ASSERT_TRUE(is != after.end());
      EXPECT_NE(std::ranges::find(is->second.tags, naming.tag, &NamingTag::tag), is->second.tags.end())
          << naming.tag.text();
    }
  }
}

TEST(RetentionOfRandomWorlds, DeletesWhatThePlanSaysAndNothingThatIsHeldInEitherStore) {
  std::uint64_t deleted = 0;
  for (std::uint64_t seed = 1; seed <= kWorlds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::vector<std::string> ids;
    for (const MakeStore make : {MakeStore(memory_store), MakeStore(sqlite_store)}) {
      if (make == MakeStore(sqlite_store) && seed % 5 != 0) continue;
      Dice dice(seed);
      RetainedRegistry registry(make(),
                                {.uses_trash = true, .batch_size = 1 + dice.below(5), .deletions_per_second = 0});
      push_random_world(registry, dice);
      std::vector<RetentionRule> rules = random_rules(dice);
      rules.push_back(parse_retention_rule("protect tags v1*").value());
      rules.back().name = "shield";
      rules.push_back(parse_retention_rule("delete older_than 0s").value());
      rules.back().name = "everything";
      registry.access = protecting("latest");
      registry.clock.advance(1h);
      std::map<std::string, std::map<Digest, HeldManifest>> before;
      for (const char* name : kNames) before[name] = holdings(registry, name);
      const RetentionPlan plan = registry.plan(rules);
      ids.push_back(plan.id);
      const RetentionReport report = registry.carry_out(plan);
      EXPECT_EQ(report.left, 0U);
      EXPECT_EQ(report.deleted_tags, plan.totals.deleted_tags);
      EXPECT_EQ(report.deleted_manifests, plan.totals.deleted_manifests);
      deleted += report.deletions();
      for (const char* name : kNames) {
        expect_what_was_held(before[name], holdings(registry, name), registry.clock.now());
      }
      for (const RetentionEntry& entry : plan.entries) {
        const bool stays = entry.decision != RetentionAction::remove;
        if (entry.fact.tag) {
          EXPECT_EQ(registry.names(entry.repository.text(), entry.fact.tag->text()).has_value(), stays)
              << name_of(entry);
        } else {
          EXPECT_EQ(run_task(registry.metadata().find_manifest(entry.repository, entry.fact.digest)).has_value(), stays)
              << name_of(entry);
        }
      }
    }
    if (ids.size() == 2) EXPECT_EQ(ids[0], ids[1]) << "the stores say the same";
  }
  EXPECT_GT(deleted, kWorlds * 3) << "the worlds are such that there is something to delete";
}

}  // namespace
}  // namespace berth
