// Thousands of random worlds and policies, against a second reading of the rules that is slow and simple, and against
// what must hold of every plan whatever the rules say.
#include <gtest/gtest.h>

#include <algorithm>

#include "lifecycle/retention_plan_text.h"
#include "lifecycle/retention_property_fixture.h"
#include "lifecycle/retention_version.h"

namespace berth {
namespace {

using namespace retention_test;

constexpr std::uint64_t kCases = 6000;

/// The same rules, read slowly: for one fact of one repository at a time.
class SlowReading {
 public:
  explicit SlowReading(const RetentionRepository& repository) : repository_(repository) {}

  bool selects(const RetentionRule& rule, const RetentionFact& fact) const {
    const auto matches = [](const auto& patterns, std::string_view text) {
      return std::ranges::any_of(patterns, [text](const auto& pattern) { return pattern.matches(text); });
    };
    const std::string& name = repository_.name.text();
    if (!rule.repositories.empty() && !matches(rule.repositories, name)) return false;
    if (matches(rule.except_repositories, name)) return false;
    if (!rule.artifact_types.empty() && !matches(rule.artifact_types, fact.media_type) &&
        (fact.artifact_type.empty() || !matches(rule.artifact_types, fact.artifact_type))) {
      return false;
    }
    std::vector<std::string> tags;
    bool is_tagged = false;
    for (const RetentionFact& each : together(rule, fact)) {
      if (!each.tag) continue;
      is_tagged = true;
      if (!matches(rule.except_tags, each.tag->text())) tags.push_back(each.tag->text());
    }
    if (!is_tagged) return rule.state != TagState::tagged;
    if (rule.state == TagState::untagged || tags.empty()) return false;
    const auto is_found = [&tags](const NamePattern& pattern) {
      return std::ranges::any_of(tags, [&pattern](const std::string& tag) { return pattern.matches(tag); });
    };
    if (rule.tags.empty()) return true;
    return rule.tag_match == TagMatch::all ? std::ranges::all_of(rule.tags, is_found)
                                           : std::ranges::any_of(rule.tags, is_found);
  }

  bool speaks_about(const RetentionRule& rule, const RetentionFact& fact) const {
    if (!selects(rule, fact)) return false;
    const auto pushed = kNow - pushed_of(rule, fact);
    const auto used = kNow - used_of(rule, fact);
    if (rule.older_than && !(pushed > *rule.older_than)) return false;
    if (rule.pushed_within && !(pushed <= *rule.pushed_within)) return false;
    if (rule.not_pulled_for && !(used > *rule.not_pulled_for)) return false;
    if (rule.pulled_within && !(used <= *rule.pulled_within)) return false;
    if (!rule.newest && !rule.beyond) return true;
    if (!takes_a_rank(rule, fact)) return false;
    std::size_t rank = 0;
    for (const RetentionFact& other : repository_.facts) {
      const bool is_first = rule.unit == RetentionUnit::tag || &other == first_of(other);
      if (is_first && takes_a_rank(rule, other) && is_before(rule, other, fact)) ++rank;
    }
    return rule.newest ? rank < *rule.newest : rank >= *rule.beyond;
  }

 private:
  std::vector<RetentionFact> together(const RetentionRule& rule, const RetentionFact& fact) const {
    if (rule.unit == RetentionUnit::tag) return {fact};
    std::vector<RetentionFact> facts;
    std::ranges::copy_if(repository_.facts, std::back_inserter(facts),
                         [&fact](const RetentionFact& each) { return each.digest == fact.digest; });
    return facts;
  }

  static std::pair<bool, std::string> name_of_fact(const RetentionFact& fact) {
    return {!fact.tag, fact.tag ? fact.tag->text() : fact.digest.to_string()};
  }

  const RetentionFact* first_of(const RetentionFact& fact) const {
    const RetentionFact* first = nullptr;
    for (const RetentionFact& each : repository_.facts) {
      if (each.digest != fact.digest) continue;
      if (first == nullptr || name_of_fact(each) < name_of_fact(*first)) first = &each;
    }
    return first;
  }

  WallTime pushed_of(const RetentionRule& rule, const RetentionFact& fact) const {
    WallTime latest;
    for (const RetentionFact& each : together(rule, fact)) latest = std::max(latest, each.pushed);
    return latest;
  }

  WallTime used_of(const RetentionRule& rule, const RetentionFact& fact) const {
    WallTime latest = pushed_of(rule, fact);
    for (const RetentionFact& each : together(rule, fact)) latest = std::max(latest, each.last_pulled.value_or(latest));
    return latest;
  }

  std::optional<WallTime> pulled_of(const RetentionRule& rule, const RetentionFact& fact) const {
    std::optional<WallTime> latest;
    for (const RetentionFact& each : together(rule, fact)) latest = std::max(latest, each.last_pulled);
    return latest;
  }

  std::optional<TagVersion> version_of(const RetentionRule& rule, const RetentionFact& fact) const {
    std::optional<TagVersion> highest;
    for (const RetentionFact& each : together(rule, fact)) {
      const std::optional<TagVersion> version = each.tag ? TagVersion::parse(each.tag->text()) : std::nullopt;
      if (version && (!highest || *version > *highest)) highest = version;
    }
    return highest;
  }

  bool takes_a_rank(const RetentionRule& rule, const RetentionFact& fact) const {
    const std::vector<RetentionFact> facts = together(rule, fact);
    const bool is_tagged = std::ranges::any_of(facts, [](const RetentionFact& each) { return each.tag.has_value(); });
    if (fact.has_live_subject || (fact.is_child_of_index && !is_tagged)) return false;
    if (rule.rank_by == RankOrder::semver && !version_of(rule, fact)) return false;
    return rule.rank_in == RankScope::repository || selects(rule, fact);
  }

  bool is_before(const RetentionRule& rule, const RetentionFact& a, const RetentionFact& b) const {
    if (rule.rank_by == RankOrder::semver) {
      const std::weak_ordering order = *version_of(rule, a) <=> *version_of(rule, b);
      if (order != 0) return order > 0;
    } else {
      const bool is_by_pull = rule.rank_by == RankOrder::pull;
      const std::pair rank_of_a(is_by_pull ? pulled_of(rule, a) : std::nullopt, pushed_of(rule, a));
      const std::pair rank_of_b(is_by_pull ? pulled_of(rule, b) : std::nullopt, pushed_of(rule, b));
      if (rank_of_a != rank_of_b) return rank_of_a > rank_of_b;
    }
    const bool is_tag = rule.unit == RetentionUnit::tag;
    return name_of_fact(is_tag ? a : *first_of(a)) < name_of_fact(is_tag ? b : *first_of(b));
  }

  const RetentionRepository& repository_;
};

const RetentionRepository& repository_of(const RetentionWorld& world, const RetentionEntry& entry) {
  return *std::ranges::find(world.repositories, entry.repository, &RetentionRepository::name);
}

/// The first rule of the action that speaks about the entry, also as a member of its chain.
std::optional<std::size_t> first_rule(const RetentionWorld& world, const std::vector<RetentionRule>& rules,
                                      const RetentionEntry& entry, RetentionAction action) {
  const SlowReading reading(repository_of(world, entry));
  std::set<std::string> claimed;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!reading.selects(rules[i], entry.fact)) continue;
    if (!rules[i].chain.empty() && !claimed.insert(rules[i].chain).second) continue;
    if (rules[i].action == action && reading.speaks_about(rules[i], entry.fact)) return i;
  }
  return std::nullopt;
}

std::set<std::string> deletions(const RetentionPlan& plan) {
  std::set<std::string> names;
  for (const RetentionEntry& entry : plan.entries) {
    if (entry.decision == RetentionAction::remove) names.insert(name_of(entry));
  }
  return names;
}

bool has_tag(const RetentionRepository& repository, const Digest& digest) {
  return std::ranges::any_of(repository.facts,
                             [&](const RetentionFact& fact) { return fact.tag && fact.digest == digest; });
}

/// Whatever the rules say: what holds something is stronger than what would delete it.
void expect_nothing_held_is_deleted(const RetentionWorld& world, const RetentionPlan& plan) {
  for (const RetentionEntry& entry : plan.entries) {
    if (entry.decision != RetentionAction::remove) continue;
    const RetentionFact& fact = entry.fact;
    EXPECT_FALSE(fact.is_immutable || fact.is_pinned || fact.has_live_subject) << name_of(entry);
    EXPECT_FALSE(first_rule(world, plan.rules, entry, RetentionAction::protect)) << name_of(entry);
    EXPECT_FALSE(first_rule(world, plan.rules, entry, RetentionAction::keep)) << name_of(entry);
    EXPECT_TRUE(first_rule(world, plan.rules, entry, RetentionAction::remove)) << name_of(entry);
    if (fact.tag) continue;
    EXPECT_FALSE(fact.is_child_of_index || fact.is_promised) << name_of(entry);
    EXPECT_FALSE(has_tag(repository_of(world, entry), fact.digest)) << name_of(entry);
  }
}

/// Each entry says of itself what the slow reading says of it.
void expect_the_slow_reading(const RetentionWorld& world, const RetentionPlan& plan) {
  for (const RetentionEntry& entry : plan.entries) {
    const auto protect = first_rule(world, plan.rules, entry, RetentionAction::protect);
    const auto keep = first_rule(world, plan.rules, entry, RetentionAction::keep);
    const auto remove = first_rule(world, plan.rules, entry, RetentionAction::remove);
    const std::string name = name_of(entry) + ": " + why(plan, entry);
    if (entry.fact.is_immutable || entry.fact.is_pinned) {
      EXPECT_EQ(entry.decision, RetentionAction::protect) << name;
    } else if (protect) {
      EXPECT_EQ(entry.rule, protect) << name;
      EXPECT_EQ(entry.reason, RetentionReason::protect_rule) << name;
    } else if (keep) {
      EXPECT_EQ(entry.rule, keep) << name;
      EXPECT_EQ(entry.reason, RetentionReason::keep_rule) << name;
    } else if (!remove) {
      EXPECT_EQ(entry.decision, RetentionAction::keep) << name;
    } else if (entry.decision == RetentionAction::keep) {
      EXPECT_EQ(entry.overruled, remove) << name;
      EXPECT_NE(entry.reason, RetentionReason::no_rule) << name;
    }
    EXPECT_EQ(entry.decision == RetentionAction::remove, entry.reason == RetentionReason::delete_rule) << name;
  }
}

/// A rule of whole manifests deletes all tags of one, or none.
void expect_whole_manifests(const RetentionPlan& plan) {
  for (const RetentionEntry& entry : plan.entries) {
    if (entry.decision != RetentionAction::remove || plan.rules[*entry.rule].unit == RetentionUnit::tag) continue;
    for (const RetentionEntry& other : plan.entries) {
      if (other.repository != entry.repository || other.fact.digest != entry.fact.digest) continue;
      // A mistake of who listed it; the tags are all there is.
      if (other.reason == RetentionReason::still_tagged) continue;
      EXPECT_EQ(other.decision, RetentionAction::remove) << name_of(entry) << " without " << name_of(other);
    }
  }
}

RetentionWorld shuffled(RetentionWorld world, Dice& dice) {
  for (std::size_t i = world.repositories.size(); i > 0; --i) {
    RetentionRepository& repository = world.repositories[i - 1];
    dice.shuffle(repository.facts);
    // A repository may come in pieces, as pages of a list do.
    if (repository.facts.size() < 2 || !dice.once_in(3)) continue;
    RetentionRepository piece{.name = repository.name, .facts = {repository.facts.back()}};
    repository.facts.pop_back();
    world.repositories.push_back(std::move(piece));
  }
  dice.shuffle(world.repositories);
  return world;
}

TEST(RetentionProperties, HoldForEveryPlan) {
  std::size_t deleted_entries = 0;
  std::size_t overruled_entries = 0;
  for (std::uint64_t seed = 1; seed <= kCases && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const RetentionWorld world = random_world(dice);
    const std::vector<RetentionRule> policy = random_rules(dice);
    const RetentionPlan plan = plan_retention(world, policy);
    expect_nothing_held_is_deleted(world, plan);
    expect_the_slow_reading(world, plan);
    expect_whole_manifests(plan);

    // Nothing but the arguments decides, nor their order.
    const RetentionPlan again = plan_retention(shuffled(world, dice), policy);
    EXPECT_EQ(again.id, plan.id);
    EXPECT_EQ(plan_json(again, PlanLines::all), plan_json(plan, PlanLines::all));

    // One more rule that keeps or protects never makes a plan delete more, and has its way.
    RetentionRule more = random_rule(dice, policy.size());
    more.chain.clear();
    more.action = dice.once_in(2) ? RetentionAction::keep : RetentionAction::protect;
    std::vector<RetentionRule> longer = policy;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(dice.below(policy.size() + 1)), more);
    const RetentionPlan gentler = plan_retention(world, longer);
    EXPECT_TRUE(std::ranges::includes(deletions(plan), deletions(gentler)));
    expect_nothing_held_is_deleted(world, gentler);

    deleted_entries += plan.totals.deleted_tags + plan.totals.deleted_manifests;
    overruled_entries += static_cast<std::size_t>(
        std::ranges::count_if(plan.entries, [](const auto& e) { return e.overruled.has_value(); }));
  }
  // The worlds are such that there is something to get wrong.
  EXPECT_GT(deleted_entries, kCases / 2);
  EXPECT_GT(overruled_entries, kCases / 2);
}

}  // namespace
}  // namespace berth
