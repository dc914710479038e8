#include "lifecycle/retention_plan.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "content/hasher.h"
#include "lifecycle/retention_selection.h"

namespace berth {
namespace {

constexpr std::string_view kIdVersion = "berth retention plan 1";

/// Tags by name, then untagged manifests by digest.
std::tuple<bool, const std::optional<Tag>&, const Digest&> order_of(const RetentionFact& fact) {
  return {!fact.tag.has_value(), fact.tag, fact.digest};
}

/// Of two facts about the same the one that says less to delete.
void merge(RetentionFact& into, const RetentionFact& other) {
  into.pushed = std::max(into.pushed, other.pushed);
  into.last_pulled = std::max(into.last_pulled, other.last_pulled);
  into.media_type = std::max(into.media_type, other.media_type);
  into.artifact_type = std::max(into.artifact_type, other.artifact_type);
  into.is_immutable = into.is_immutable || other.is_immutable;
  into.is_child_of_index = into.is_child_of_index || other.is_child_of_index;
  into.has_live_subject = into.has_live_subject || other.has_live_subject;
  into.is_pinned = into.is_pinned || other.is_pinned;
  into.is_promised = into.is_promised || other.is_promised;
  into.size_bytes = std::max(into.size_bytes, other.size_bytes);
}

std::vector<RetentionFact> in_order(std::vector<RetentionFact> facts) {
  std::ranges::sort(facts, {}, order_of);
  std::vector<RetentionFact> merged;
  for (RetentionFact& fact : facts) {
    if (!merged.empty() && order_of(merged.back()) == order_of(fact)) {
      merge(merged.back(), fact);
    } else {
      merged.push_back(std::move(fact));
    }
  }
  return merged;
}

/// The first rule of each action that speaks about a fact.
struct Votes {
  std::optional<std::size_t> protect = {};
  std::optional<std::size_t> keep = {};
  std::optional<std::size_t> remove = {};
  std::optional<std::size_t> remove_tag = {};  ///< the first that needs nothing to happen to the manifest's other tags
};

void cast_vote(Votes& votes, std::size_t rule, RetentionAction action, RetentionUnit unit) {
  const auto take = [rule](std::optional<std::size_t>& vote) {
    if (!vote) vote = rule;
  };
  switch (action) {
    case RetentionAction::protect:
      return take(votes.protect);
    case RetentionAction::keep:
      return take(votes.keep);
    case RetentionAction::remove:
      take(votes.remove);
      if (unit == RetentionUnit::tag) take(votes.remove_tag);
  }
}

/// Plans one repository.
class RepositoryPlanner {
 public:
  RepositoryPlanner(const RepositoryName& name, std::vector<RetentionFact> facts,
                    const std::vector<RetentionRule>& rules, WallTime now)
      : name_(name),
        facts_(in_order(std::move(facts))),
        rules_(rules),
        selection_(facts_, now),
        votes_(facts_.size()) {}

  void append_to(std::vector<RetentionEntry>& entries) {
    for (std::size_t rule = 0; rule < rules_.size(); ++rule) hear(rule);
    std::vector<RetentionEntry> decided;
    decided.reserve(facts_.size());
    for (std::size_t place = 0; place < facts_.size(); ++place) {
      decided.push_back({.repository = name_, .fact = facts_[place]});
      decide(decided.back(), votes_[place]);
    }
    for (const RetentionCandidate& manifest : selection_.manifests()) keep_whole(manifest, decided);
    std::ranges::move(decided, std::back_inserter(entries));
  }

 private:
  void hear(std::size_t position) {
    const RetentionRule& rule = rules_[position];
    const auto matches = [this](const NamePattern& pattern) { return pattern.matches(name_.text()); };
    if (!rule.repositories.empty() && std::ranges::none_of(rule.repositories, matches)) return;
    if (std::ranges::any_of(rule.except_repositories, matches)) return;
    const RetentionSelection::Answer answer = selection_.ask(rule);
    std::vector<bool>* const claimed = rule.chain.empty() ? nullptr : &claimed_[rule.chain];
    if (claimed != nullptr) claimed->resize(facts_.size());
    for (std::size_t place = 0; place < facts_.size(); ++place) {
      if (!answer.is_selected[place]) continue;
      if (claimed != nullptr) {
        if ((*claimed)[place]) continue;
        (*claimed)[place] = true;
      }
      if (answer.is_spoken_about[place]) cast_vote(votes_[place], position, rule.action, rule.unit);
    }
  }

  static void decide(RetentionEntry& entry, const Votes& votes) {
    const RetentionFact& fact = entry.fact;
    const auto stays = [&](RetentionAction decision, RetentionReason reason, std::optional<std::size_t> rule = {}) {
      entry.decision = decision;
      entry.reason = reason;
      entry.rule = rule;
      entry.overruled = votes.remove;
    };
    if (fact.is_immutable) return stays(RetentionAction::protect, RetentionReason::immutable_tag);
    if (fact.is_pinned) return stays(RetentionAction::protect, RetentionReason::pinned);
    if (votes.protect) return stays(RetentionAction::protect, RetentionReason::protect_rule, votes.protect);
    if (votes.keep) return stays(RetentionAction::keep, RetentionReason::keep_rule, votes.keep);
    if (fact.has_live_subject) return stays(RetentionAction::keep, RetentionReason::live_subject);
    if (!fact.tag && fact.is_child_of_index) return stays(RetentionAction::keep, RetentionReason::index_in_use);
    if (!fact.tag && fact.is_promised) return stays(RetentionAction::keep, RetentionReason::promised);
    if (!votes.remove) return;
    entry.decision = RetentionAction::remove;
    entry.reason = RetentionReason::delete_rule;
    entry.rule = votes.remove;
  }

  /// Holds the rules of whole manifests, and untagged manifests that are none, to what happens to the tags.
  void keep_whole(const RetentionCandidate& manifest, std::vector<RetentionEntry>& decided) const {
    const bool stays = std::ranges::any_of(
        manifest.facts, [&](std::size_t place) { return decided[place].decision != RetentionAction::remove; });
    for (const std::size_t place : manifest.facts) {
      RetentionEntry& entry = decided[place];
      if (entry.decision != RetentionAction::remove) continue;
      const auto keep = [&entry](RetentionReason reason) {
        entry.decision = RetentionAction::keep;
        entry.reason = reason;
        entry.overruled = std::exchange(entry.rule, std::nullopt);
      };
      if (!entry.fact.tag && manifest.is_tagged) {
        keep(RetentionReason::still_tagged);
      } else if (stays && rules_[*entry.rule].unit == RetentionUnit::manifest) {
        keep(RetentionReason::kept_sibling);
        if (!votes_[place].remove_tag) continue;
        entry.decision = RetentionAction::remove;
        entry.reason = RetentionReason::delete_rule;
        entry.rule = votes_[place].remove_tag;
        entry.overruled.reset();
      }
    }
  }

  const RepositoryName& name_;
  const std::vector<RetentionFact> facts_;
  const std::vector<RetentionRule>& rules_;
  const RetentionSelection selection_;
  std::vector<Votes> votes_;
  std::map<std::string, std::vector<bool>> claimed_;  // by chain: what a rule of it has selected
};

RetentionTotals totals_of(const std::vector<RetentionEntry>& entries) {
  RetentionTotals totals;
  struct Manifest {
    std::uint64_t size_bytes = 0;
    bool stays = false;
  };
  std::unordered_map<Digest, Manifest> manifests;
  for (const RetentionEntry& entry : entries) {
    Manifest& manifest = manifests[entry.fact.digest];
    manifest.size_bytes = std::max(manifest.size_bytes, entry.fact.size_bytes);
    manifest.stays = manifest.stays || entry.decision != RetentionAction::remove || entry.fact.is_child_of_index;
    switch (entry.decision) {
      case RetentionAction::keep:
        ++totals.kept;
        break;
      case RetentionAction::protect:
        ++totals.protected_entries;
        break;
      case RetentionAction::remove:
        ++(entry.fact.tag ? totals.deleted_tags : totals.deleted_manifests);
        break;
    }
  }
  for (const auto& [digest, manifest] : manifests) {
    if (!manifest.stays) totals.released_bytes += manifest.size_bytes;
  }
  return totals;
}

/// Texts with their lengths before them, so that no two lists of texts are the same bytes.
class Canonical {
 public:
  void add(std::string_view text) {
    put(std::to_string(text.size()));
    put(":");
    put(text);
  }
  std::string hex() const { return hasher_.digest().hex(); }

 private:
  void put(std::string_view text) { hasher_.update(std::as_bytes(std::span(text))); }
  Hasher hasher_{HashAlgorithm::sha256};
};

std::string id_of(const RetentionPlan& plan) {
  Canonical canonical;
  canonical.add(kIdVersion);
  canonical.add(std::to_string(plan.rules.size()));
  for (const RetentionRule& rule : plan.rules) {
    canonical.add(rule.name);
    canonical.add(rule.text());
  }
  for (const RetentionEntry& entry : plan.entries) {
    if (entry.decision != RetentionAction::remove) continue;
    canonical.add(entry.repository.text());
    canonical.add(entry.fact.tag ? entry.fact.tag->text() : "");
    canonical.add(entry.fact.digest.to_string());
    canonical.add(entry.fact.media_type);
    canonical.add(entry.fact.artifact_type);
    canonical.add(std::to_string(entry.fact.pushed.time_since_epoch().count()));
    canonical.add(std::to_string(*entry.rule));
  }
  return canonical.hex();
}

std::string_view text_of(RetentionReason reason) {
  switch (reason) {
    case RetentionReason::immutable_tag:
      return "the tag is immutable";
    case RetentionReason::pinned:
      return "the digest is pinned";
    case RetentionReason::live_subject:
      return "what it refers to is in use";
    case RetentionReason::index_in_use:
      return "an index in use names it";
    case RetentionReason::promised:
      return "a client was told that it exists";
    case RetentionReason::still_tagged:
      return "a tag names it";
    case RetentionReason::kept_sibling:
      return "another tag of its manifest stays";
    case RetentionReason::no_rule:
      return "no rule speaks about it";
    case RetentionReason::protect_rule:
    case RetentionReason::keep_rule:
    case RetentionReason::delete_rule:
      break;  // the rule's own text
  }
  return {};
}

}  // namespace

RetentionPlan plan_retention(RetentionWorld world, std::vector<RetentionRule> rules) {
  std::map<RepositoryName, std::vector<RetentionFact>> repositories;
  for (RetentionRepository& repository : world.repositories) {
    std::ranges::move(repository.facts, std::back_inserter(repositories[std::move(repository.name)]));
  }
  RetentionPlan plan{.id = {}, .now = world.now, .rules = std::move(rules), .entries = {}, .totals = {}};
  std::size_t fact_count = 0;
  for (const auto& [name, facts] : repositories) fact_count += facts.size();
  plan.entries.reserve(fact_count);
  for (auto& [name, facts] : repositories) {
    RepositoryPlanner(name, std::move(facts), plan.rules, plan.now).append_to(plan.entries);
  }
  plan.totals = totals_of(plan.entries);
  plan.id = id_of(plan);
  return plan;
}

std::string name_of(const RetentionEntry& entry) {
  const std::string& repository = entry.repository.text();
  return entry.fact.tag ? repository + ":" + entry.fact.tag->text() : repository + "@" + entry.fact.digest.to_string();
}

std::string why(const RetentionPlan& plan, const RetentionEntry& entry) {
  std::string text = entry.rule ? plan.rules[*entry.rule].text() : std::string(text_of(entry.reason));
  if (entry.overruled) text += " (" + plan.rules[*entry.overruled].name + " would delete it)";
  return text;
}

}  // namespace berth
