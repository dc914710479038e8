// The fields of a retention rule, once: the text, the configuration and the JSON of the API all read and write these.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lifecycle/retention_rule.h"

namespace berth {

/// A rule that is being read: what was not said stays apart from what was.
struct RetentionDraft {
  RetentionRule rule = {};
  std::optional<TagState> state = {};
  std::optional<RankOrder> rank_by = {};
  std::optional<RankScope> rank_in = {};
  std::optional<TagMatch> tag_match = {};
};

enum class FieldShape : std::uint8_t { word, number, list };

struct RetentionField {
  std::string_view key;
  FieldShape shape;
  /// Takes one value (of a list: one element), or gives the reason why not.
  std::optional<std::string> (*read)(RetentionDraft& draft, std::string_view value);
  /// The values, none if the field says nothing.
  std::vector<std::string> (*write)(const RetentionRule& rule);
};

/// In the order in which a rule's text has them.
std::span<const RetentionField> retention_fields();
/// Null if there is none of this name.
const RetentionField* find_retention_field(std::string_view key);

std::optional<RetentionAction> parse_retention_action(std::string_view text);

/// Why a rule cannot be, and which of its fields says so (empty: the rule as a whole).
struct RetentionFault {
  std::string field;
  std::string reason;
};

/// The rule, with what follows from what was said: tags select what is tagged. Refuses what contradicts itself or could
/// never speak about anything, and a delete that narrows nothing.
std::expected<RetentionRule, RetentionFault> finish_retention_rule(RetentionDraft draft);

}  // namespace berth
