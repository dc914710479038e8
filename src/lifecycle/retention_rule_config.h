// Retention rules in the configuration and in the API's JSON; both have the same keys:
//
//   retention:
//     rules:
//       - {name: releases, action: protect, tags: release-*}
//       - {name: recent, action: keep, repositories: [team/**], newest: 10, rank_by: push}
//       - {name: old-pull-requests, action: delete, repositories: [team/**], tags: [pr-*, dev-*], older_than: 30d}
//
// An unknown key is an error and not a warning: a condition that is misspelt must not become a wider deletion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/config_value.h"
#include "base/result.h"
#include "base/setting_loader.h"
#include "lifecycle/retention_rule.h"

namespace berth {

/// The rules of a list of maps; one without a name is called `rule-1` after its place. `path` is where the list stands
/// ("retention.rules"): each error in the report is one line that begins with it, like
/// `retention.rules[2].older_than: "abc" is not a duration (like 30d)`. With an error there are no rules: part of a
/// policy is another policy. Null and an empty list are no rules.
std::vector<RetentionRule> read_retention_rules(const ConfigValue& list, std::string_view path, SettingReport& report);

/// `{"rules": [...]}` from a client, or the first thing that is wrong with it (request_invalid).
Result<std::vector<RetentionRule>> parse_retention_json(std::string_view json);

/// What parse_retention_json reads back as the same rules.
std::string retention_json(const std::vector<RetentionRule>& rules);

}  // namespace berth
