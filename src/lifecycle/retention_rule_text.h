// A retention rule as people write it on one line:
//
//   keep tags v* newest 10 rank_by semver
//   delete repositories team/**,tools/* except_repositories team/prod tags pr-*,dev-* older_than 30d
//   delete state untagged not_pulled_for 14d
//   protect tags release-*
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "lifecycle/retention_rule.h"

namespace berth {

/// What RetentionRule::text() writes, read back: the rule without name and description, or the reason why it is none.
/// Fields may come in any order, each once.
std::expected<RetentionRule, std::string> parse_retention_rule(std::string_view text);

}  // namespace berth
