// What one rule says of the tags and untagged manifests of one repository.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "lifecycle/retention_facts.h"
#include "lifecycle/retention_rule.h"

namespace berth {

/// What a rule counts: some facts of one repository that share a manifest, by position.
struct RetentionCandidate {
  std::vector<std::size_t> facts;
  WallTime pushed;     ///< of the youngest
  WallTime last_used;  ///< pushed or pulled
  std::optional<WallTime> last_pulled = {};
  bool is_tagged = false;
  /// Nobody could delete it now, since an index or a subject in use holds it. It takes no place in a rank: the images
  /// of an index would push out others.
  bool is_held = false;
};

/// One repository, ready for any number of rules.
///
/// Lifetime: the facts outlive it. Their order decides between those of one rank that are equal in age or version, so
/// it must not depend on chance.
class RetentionSelection {
 public:
  RetentionSelection(const std::vector<RetentionFact>& facts, WallTime now);

  struct Answer {
    std::vector<bool> is_selected;      ///< fact by fact: by what it is
    std::vector<bool> is_spoken_about;  ///< and the conditions hold
  };
  /// Whatever repositories the rule names.
  Answer ask(const RetentionRule& rule) const;

  /// The facts by manifest, in the order of their first fact.
  const std::vector<RetentionCandidate>& manifests() const { return manifests_; }

 private:
  RetentionCandidate candidate_of(std::vector<std::size_t> facts) const;
  bool selects(const RetentionRule& rule, const RetentionCandidate& candidate) const;
  bool tags_match(const RetentionRule& rule, const RetentionCandidate& candidate) const;
  bool ages_hold(const RetentionRule& rule, const RetentionCandidate& candidate) const;
  /// Candidates by place: whether the rule's rank speaks about it.
  std::vector<bool> ranked(const RetentionRule& rule, const std::vector<RetentionCandidate>& candidates,
                           const std::vector<bool>& is_selected) const;

  const std::vector<RetentionFact>& facts_;
  const WallTime now_;
  std::vector<RetentionCandidate> tags_;  // and untagged manifests, each for itself
  std::vector<RetentionCandidate> manifests_;
};

}  // namespace berth
