// RetentionPlan: what retention rules come to for the tags and untagged manifests that there are. A dry run prints it,
// a real run carries out the same one.
//
// A plan deletes tags, and manifests that no tag names. It never deletes a manifest under a tag: that loses its tags,
// and the collector does the rest in its own time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lifecycle/retention_facts.h"
#include "lifecycle/retention_rule.h"

namespace berth {

/// What decided. The earlier beats the later.
enum class RetentionReason : std::uint8_t {
  immutable_tag,
  pinned,        ///< the digest
  protect_rule,  ///< `rule`
  keep_rule,     ///< `rule`
  live_subject,  ///< what it refers to is in use
  index_in_use,  ///< untagged, and named by one
  promised,      ///< untagged, and a client was told that it exists
  still_tagged,  ///< it was called untagged, but a tag of the repository names it
  kept_sibling,  ///< the rule deletes manifests with all their tags, and another tag of this one stays
  delete_rule,   ///< `rule`
  no_rule,       ///< none speaks about it, so it stays
};

struct RetentionEntry {
  RepositoryName repository;
  RetentionFact fact;  ///< facts that were given twice are one: the younger times, every reason to stay
  RetentionAction decision = RetentionAction::keep;
  RetentionReason reason = RetentionReason::no_rule;
  std::optional<std::size_t> rule = {};       ///< position in the plan's rules
  std::optional<std::size_t> overruled = {};  ///< the delete rule that would have had it
};

struct RetentionTotals {
  std::uint64_t deleted_tags = 0;
  std::uint64_t deleted_manifests = 0;  ///< untagged ones
  std::uint64_t kept = 0;
  std::uint64_t protected_entries = 0;
  /// Sizes of the manifests that nothing names any more once the plan is carried out. What the collector frees then can
  /// be less, where layers are shared.
  std::uint64_t released_bytes = 0;
};

struct RetentionPlan {
  /// SHA-256 in hexadecimal over the rules and the deletions: of each its repository, tag, digest, types, time of the
  /// push, and rule. Who is to apply a plan makes it again, of the present world, at the old one's `now`: with the same
  /// id it would do what was shown. A push or a pull elsewhere that changes no deletion does not change it.
  std::string id;
  WallTime now;
  std::vector<RetentionRule> rules;
  /// By repository; there the tags by name, then the untagged manifests by digest.
  std::vector<RetentionEntry> entries;
  RetentionTotals totals;
};

/// Depends on nothing but its arguments, nor on the order of what the world holds. Takes time in rules times facts.
RetentionPlan plan_retention(RetentionWorld world, std::vector<RetentionRule> rules);

/// `team/app:v1`, `team/app@sha256:...`
std::string name_of(const RetentionEntry& entry);
/// One line without names of things: `the tag is immutable (old-builds would delete it)`.
std::string why(const RetentionPlan& plan, const RetentionEntry& entry);

}  // namespace berth
