// Random worlds and rules, small and full of ties, for the property test of retention.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lifecycle/retention_rule_fields.h"
#include "lifecycle/retention_world_fixture.h"

namespace berth::retention_test {

inline constexpr std::array<const char*, 12> kTags{"v1.0.0", "v1.1.0", "v1.2.0-rc.1", "v1.2",
                                                   "v2.0.0", "latest", "pr-1",        "pr-2",
                                                   "dev",    "1",      "rel-1",       "sha256-0f.sig"};
inline constexpr std::array<const char*, 4> kRepositories{"app", "team/app", "team/web", "other"};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool once_in(std::size_t count) { return below(count) == 0; }
  template <class T, std::size_t N>
  const T& one_of(const std::array<T, N>& choices) {
    return choices.at(below(N));
  }
  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

inline RetentionWorld random_world(Dice& dice) {
  RetentionWorld world{.repositories = {}, .now = kNow};
  for (const char* name : kRepositories) {
    if (dice.once_in(3)) continue;
    RetentionRepository repository{.name = RepositoryName::parse(name).value(), .facts = {}};
    // Facts of a manifest are the same under each of its tags.
    std::vector<RetentionFact> manifests;
    for (std::size_t i = 0; i < 1 + dice.below(6); ++i) {
      RetentionFact fact{.tag = std::nullopt, .digest = digest_named(std::to_string(dice.below(9)))};
      fact.media_type = dice.once_in(4) ? "application/vnd.oci.image.index.v1+json" : "image";
      fact.artifact_type = dice.once_in(3) ? "chart" : "";
      fact.is_child_of_index = dice.once_in(4);
      fact.has_live_subject = dice.once_in(7);
      fact.is_pinned = dice.once_in(12);
      fact.is_promised = dice.once_in(8);
      fact.size_bytes = dice.below(100);
      if (std::ranges::none_of(manifests, [&](const auto& m) { return m.digest == fact.digest; }))
        manifests.push_back(fact);
    }
    // Few different ages, so that many are equal.
    const auto add = [&](const RetentionFact& manifest, std::optional<Tag> tag) {
      RetentionFact fact = manifest;
      fact.tag = std::move(tag);
      fact.is_immutable = fact.tag && dice.once_in(9);
      fact.pushed = kNow - std::chrono::days(dice.below(6));
      if (dice.once_in(2)) fact.last_pulled = kNow - std::chrono::days(dice.below(6));
      repository.facts.push_back(std::move(fact));
    };
    std::map<Digest, bool> is_tagged;
    for (const char* tag : kTags) {
      if (!dice.once_in(3)) continue;
      const RetentionFact& manifest = manifests[dice.below(manifests.size())];
      is_tagged[manifest.digest] = true;
      add(manifest, Tag::parse(tag).value());
    }
    for (const RetentionFact& manifest : manifests) {
      if (!is_tagged[manifest.digest] || dice.once_in(15)) add(manifest, std::nullopt);
    }
    world.repositories.push_back(std::move(repository));
  }
  return world;
}

inline RetentionRule random_rule(Dice& dice, std::size_t number) {
  constexpr std::array<const char*, 6> kGlobs{"**", "app", "team/*", "**/app", "t**", "other"};
  constexpr std::array<const char*, 7> kTagGlobs{"*", "v*", "v1.*", "pr-*", "*1*", "latest", "*-rc*"};
  constexpr std::array<RetentionAction, 5> kActions{RetentionAction::remove, RetentionAction::remove,
                                                    RetentionAction::remove, RetentionAction::keep,
                                                    RetentionAction::protect};
  for (;;) {
    RetentionDraft draft;
    RetentionRule& rule = draft.rule;
    rule.name = "rule-" + std::to_string(number);
    rule.action = dice.one_of(kActions);
    const auto say = [&draft](std::string_view field, std::string_view value) {
      EXPECT_FALSE(find_retention_field(field)->read(draft, value)) << field << " " << value;
    };
    if (!dice.once_in(3)) say("repositories", dice.one_of(kGlobs));
    if (dice.once_in(6)) say("except_repositories", dice.one_of(kGlobs));
    if (dice.once_in(2)) say("tags", dice.one_of(kTagGlobs));
    if (dice.once_in(3)) say("tags", dice.one_of(kTagGlobs));
    if (dice.once_in(5)) say("tag_match", "all");
    if (dice.once_in(5)) say("except_tags", dice.one_of(kTagGlobs));
    if (dice.once_in(3)) say("state", dice.one_of(std::array{"any", "tagged", "untagged"}));
    if (dice.once_in(6)) say("artifact_types", dice.one_of(std::array{"chart", "image", "*index*"}));
    if (dice.once_in(3)) say("unit", "manifest");
    for (const char* age : {"older_than", "pushed_within", "not_pulled_for", "pulled_within"}) {
      if (dice.once_in(6)) say(age, dice.one_of(std::array{"0s", "1d", "2d", "3d", "4d"}));
    }
    if (dice.once_in(2)) {
      say(dice.once_in(2) ? "newest" : "beyond", dice.one_of(std::array{"1", "2", "3"}));
      say("rank_by", dice.one_of(std::array{"push", "pull", "semver"}));
      if (dice.once_in(2)) say("rank_in", "repository");
    }
    if (dice.once_in(4)) say("chain", dice.one_of(std::array{"x", "y"}));
    if (auto finished = finish_retention_rule(std::move(draft))) return *std::move(finished);
  }
}

inline std::vector<RetentionRule> random_rules(Dice& dice) {
  std::vector<RetentionRule> rules;
  for (std::size_t i = 0; i < dice.below(6); ++i) rules.push_back(random_rule(dice, i));
  return rules;
}

}  // namespace berth::retention_test
