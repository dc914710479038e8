// RetentionRule: which tags and untagged manifests of which repositories are kept, deleted or protected.
//
// A rule first selects by what things are (repository, tag, state, type); among those its conditions (ages, rank)
// decide which it speaks about. Rules compose: protect beats keep, keep beats delete, and what no rule speaks about
// stays. Order matters only within a chain, and between rules of one action for which of them a plan names.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/name_pattern.h"

namespace berth {

enum class RetentionAction : std::uint8_t { keep, remove, protect };

enum class TagState : std::uint8_t { any, tagged, untagged };

/// Whether one pattern of several suffices, or each has to match (of a manifest: each some tag of it).
enum class TagMatch : std::uint8_t { any, all };

/// What a rule counts and speaks about: each tag (and untagged manifest) for itself, or a manifest with all tags it
/// has. A manifest matches if one of its tags does, is as old as its youngest tag, and is deleted with all its tags or
/// not at all.
enum class RetentionUnit : std::uint8_t { tag, manifest };

/// What makes one newer than another. By pull, what was never pulled comes last, the younger push first. What is not a
/// semantic version (retention_version.h) has no rank by semver.
enum class RankOrder : std::uint8_t { push, pull, semver };

/// Among whom ranks are counted; in each repository apart. `selection`: those that the rule selects, whatever their
/// age.
enum class RankScope : std::uint8_t { selection, repository };

/// Artifact and media types: exact, or with `*` for any run of characters.
class TypePattern {
 public:
  /// The value, or the reason why it matches no type.
  static std::expected<TypePattern, std::string> parse(std::string_view text);
  bool matches(std::string_view type) const;
  const std::string& text() const { return text_; }
  bool operator==(const TypePattern&) const = default;

 private:
  explicit TypePattern(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct RetentionRule {
  std::string name = {};  ///< unique among the rules of a plan
  std::string description = {};
  RetentionAction action = RetentionAction::keep;

  // What is selected; empty lists exclude nothing.
  std::vector<NamePattern> repositories = {};
  std::vector<NamePattern> except_repositories = {};
  std::vector<NamePattern> tags = {};  ///< narrows what is tagged; `state` says whether untagged manifests are selected
  std::vector<NamePattern> except_tags = {};
  TagMatch tag_match = TagMatch::any;
  TagState state = TagState::any;
  std::vector<TypePattern> artifact_types = {};  ///< of the artifact type or the media type
  RetentionUnit unit = RetentionUnit::tag;

  // Which of them are spoken about; all that are set must hold.
  std::optional<std::chrono::seconds> older_than = {};     ///< since the push, by more than this
  std::optional<std::chrono::seconds> pushed_within = {};  ///< since the push, by no more than this
  /// Since the last pull, or the push if that was later or nothing was ever pulled.
  std::optional<std::chrono::seconds> not_pulled_for = {};
  std::optional<std::chrono::seconds> pulled_within = {};
  std::optional<std::uint32_t> newest = {};  ///< the first so many by rank
  std::optional<std::uint32_t> beyond = {};  ///< all but the first so many by rank
  RankOrder rank_by = RankOrder::push;
  RankScope rank_in = RankScope::selection;

  /// Of the rules of a chain only the first that selects something speaks about it, or nobody does if its conditions do
  /// not hold. Empty: none.
  std::string chain = {};

  /// One line without name and description: `delete repositories team/** tags pr-* older_than 30d`.
  std::string text() const;
  bool operator==(const RetentionRule&) const = default;
};

struct RetentionLimits {
  static constexpr std::size_t kRules = 200;
  static constexpr std::size_t kListItems = 50;
  static constexpr std::size_t kNameBytes = 64;
  static constexpr std::size_t kDescriptionBytes = 256;
  static constexpr std::size_t kRuleTextBytes = 64 * 1024;  ///< more than the longest lists come to
  static constexpr std::size_t kJsonBytes = 1024 * 1024;
  static constexpr std::uint32_t kRank = 1'000'000;
};

/// A name that a rule or chain can have: letters, digits, `.`, `_` and `-`, at most 64.
bool is_retention_name(std::string_view text);

std::string_view to_string(RetentionAction action);

}  // namespace berth
