#include "lifecycle/retention_selection.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <unordered_map>
#include <utility>

#include "lifecycle/retention_version.h"

namespace berth {
namespace {

bool any_matches(const std::vector<NamePattern>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [name](const NamePattern& pattern) { return pattern.matches(name); });
}

bool type_matches(const std::vector<TypePattern>& patterns, const RetentionFact& fact) {
  if (patterns.empty()) return true;
  return std::ranges::any_of(patterns, [&fact](const TypePattern& pattern) {
    return (!fact.artifact_type.empty() && pattern.matches(fact.artifact_type)) || pattern.matches(fact.media_type);
  });
}

/// The highest version among the tags of a candidate.
std::optional<TagVersion> version_of(const std::vector<RetentionFact>& facts, const RetentionCandidate& candidate) {
  std::optional<TagVersion> highest;
  for (const std::size_t place : candidate.facts) {
    if (!facts[place].tag) continue;
    std::optional<TagVersion> version = TagVersion::parse(facts[place].tag->text());
    if (version && (!highest || *version > *highest)) highest = std::move(version);
  }
  return highest;
}

}  // namespace

RetentionSelection::RetentionSelection(const std::vector<RetentionFact>& facts, WallTime now)
    : facts_(facts), now_(now) {
  std::unordered_map<Digest, std::size_t> place_of;
  std::vector<std::vector<std::size_t>> by_manifest;
  for (std::size_t place = 0; place < facts.size(); ++place) {
    tags_.push_back(candidate_of({place}));
    const auto [known, is_new] = place_of.try_emplace(facts[place].digest, by_manifest.size());
    if (is_new) by_manifest.emplace_back();
    by_manifest[known->second].push_back(place);
  }
  for (std::vector<std::size_t>& places : by_manifest) manifests_.push_back(candidate_of(std::move(places)));
}

RetentionCandidate RetentionSelection::candidate_of(std::vector<std::size_t> places) const {
  RetentionCandidate candidate{.facts = std::move(places), .pushed = {}, .last_used = {}};
  bool is_child = false;
  for (const std::size_t place : candidate.facts) {
    const RetentionFact& fact = facts_[place];
    candidate.pushed = std::max(candidate.pushed, fact.pushed);
    candidate.last_used = std::max({candidate.last_used, fact.pushed, fact.last_pulled.value_or(fact.pushed)});
    candidate.last_pulled = std::max(candidate.last_pulled, fact.last_pulled);
    candidate.is_tagged = candidate.is_tagged || fact.tag.has_value();
    candidate.is_held = candidate.is_held || fact.has_live_subject;
    is_child = is_child || fact.is_child_of_index;
  }
  candidate.is_held = candidate.is_held || (is_child && !candidate.is_tagged);
  return candidate;
}

bool RetentionSelection::tags_match(const RetentionRule& rule, const RetentionCandidate& candidate) const {
  const auto some_tag = [&](auto matches) {
    return std::ranges::any_of(candidate.facts, [&](std::size_t place) {
      const std::optional<Tag>& tag = facts_[place].tag;
      return tag && !any_matches(rule.except_tags, tag->text()) && matches(tag->text());
    });
  };
  if (rule.tag_match == TagMatch::all) {
    return std::ranges::all_of(rule.tags, [&](const NamePattern& pattern) {
      return some_tag([&pattern](std::string_view tag) { return pattern.matches(tag); });
    });
  }
  return some_tag([&rule](std::string_view tag) { return rule.tags.empty() || any_matches(rule.tags, tag); });
}

bool RetentionSelection::selects(const RetentionRule& rule, const RetentionCandidate& candidate) const {
  // All facts of a candidate are of one manifest.
  if (!type_matches(rule.artifact_types, facts_[candidate.facts.front()])) return false;
  if (!candidate.is_tagged) return rule.state != TagState::tagged;
  return rule.state != TagState::untagged && tags_match(rule, candidate);
}

bool RetentionSelection::ages_hold(const RetentionRule& rule, const RetentionCandidate& candidate) const {
  const auto since_push = now_ - candidate.pushed;
  const auto since_use = now_ - candidate.last_used;
  if (rule.older_than && since_push <= *rule.older_than) return false;
  if (rule.pushed_within && since_push > *rule.pushed_within) return false;
  if (rule.not_pulled_for && since_use <= *rule.not_pulled_for) return false;
  return !rule.pulled_within || since_use <= *rule.pulled_within;
}

std::vector<bool> RetentionSelection::ranked(const RetentionRule& rule,
                                             const std::vector<RetentionCandidate>& candidates,
                                             const std::vector<bool>& is_selected) const {
  if (!rule.newest && !rule.beyond) return std::vector<bool>(candidates.size(), true);
  struct Runner {
    std::size_t place;
    std::optional<TagVersion> version;  // by semver only
    std::optional<WallTime> pulled;     // by pull only: what never was comes behind what was
    WallTime pushed;                    // not by semver
  };
  std::vector<Runner> runners;
  for (std::size_t place = 0; place < candidates.size(); ++place) {
    const RetentionCandidate& candidate = candidates[place];
    if (candidate.is_held || (rule.rank_in == RankScope::selection && !is_selected[place])) continue;
    Runner runner{.place = place, .version = {}, .pulled = {}, .pushed = candidate.pushed};
    switch (rule.rank_by) {
      case RankOrder::push:
        break;
      case RankOrder::pull:
        runner.pulled = candidate.last_pulled;
        break;
      case RankOrder::semver:
        runner.pushed = {};
        runner.version = version_of(facts_, candidate);
        if (!runner.version) continue;
        break;
    }
    runners.push_back(std::move(runner));
  }
  std::ranges::sort(runners, [](const Runner& a, const Runner& b) {
    if (a.version != b.version) return *a.version > *b.version;
    if (a.pulled != b.pulled) return a.pulled > b.pulled;
    return a.pushed != b.pushed ? a.pushed > b.pushed : a.place < b.place;
  });
  std::vector<bool> is_spoken_about(candidates.size(), false);
  for (std::size_t rank = 0; rank < runners.size(); ++rank) {
    is_spoken_about[runners[rank].place] = rule.newest ? rank < *rule.newest : rank >= *rule.beyond;
  }
  return is_spoken_about;
}

RetentionSelection::Answer RetentionSelection::ask(const RetentionRule& rule) const {
  const std::vector<RetentionCandidate>& candidates = rule.unit == RetentionUnit::tag ? tags_ : manifests_;
  std::vector<bool> is_selected(candidates.size());
  for (std::size_t place = 0; place < candidates.size(); ++place) is_selected[place] = selects(rule, candidates[place]);
  const std::vector<bool> is_in_rank = ranked(rule, candidates, is_selected);
  Answer answer{.is_selected = std::vector<bool>(facts_.size()), .is_spoken_about = std::vector<bool>(facts_.size())};
  for (std::size_t place = 0; place < candidates.size(); ++place) {
    if (!is_selected[place]) continue;
    const bool is_spoken_about = is_in_rank[place] && ages_hold(rule, candidates[place]);
    for (const std::size_t fact : candidates[place].facts) {
      answer.is_selected[fact] = true;
      answer.is_spoken_about[fact] = is_spoken_about;
    }
  }
  return answer;
}

}  // namespace berth
