// A retention plan for people and programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lifecycle/retention_plan.h"

namespace berth {

enum class PlanLines : std::uint8_t {
  all,
  notable,  ///< deletions, and what a delete rule wanted and did not get
};

enum class PlanForm : std::uint8_t { table, json, diff };

/// For a terminal: a line an entry, in columns, then the totals and the plan's id.
std::string plan_table(const RetentionPlan& plan, PlanLines lines);

/// One object; `rule` of an entry is the name of the rule that decided, or null.
std::string plan_json(const RetentionPlan& plan, PlanLines lines);

/// Deletions begin with "- ", what a delete rule wanted and did not get with two spaces:
///
///     - team/app:pr-1 sha256:...  old-pull-requests
///       team/app:v1 sha256:...  the tag is immutable (old-pull-requests would delete it)
std::string plan_diff(const RetentionPlan& plan);

/// One of these.
std::string plan_text(const RetentionPlan& plan, PlanForm form, PlanLines lines);

/// Why a plan that was made again has another id than the one that was shown; a line for each thing, at most `limit`.
/// Empty if they are the same plan.
std::vector<std::string> changes_between(const RetentionPlan& shown, const RetentionPlan& made_again,
                                         std::size_t limit = 20);

}  // namespace berth
