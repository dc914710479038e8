// Loading: a tree of values meets the tree of declarations.
#pragma once

#include <string>
#include <vector>

#include "base/config_value.h"
#include "base/setting.h"

namespace berth {

/// One finding. line() is what people see: `config.yml:12: http.draintimeout: "abc" is not a duration (like 30s)`.
struct SettingProblem {
  ConfigPosition position;
  std::string path;  ///< empty if it is about the whole file
  std::string reason;

  std::string line() const;
};

struct SettingReport {
  std::vector<SettingProblem> errors;
  std::vector<SettingProblem> warnings;   ///< unknown keys, old spellings
  std::vector<SettingProblem> no_ops;     ///< one for each section or key that is accepted without effect
  std::vector<SettingProblem> not_built;  ///< every key that asks for what is not built yet

  void error(const ConfigPosition& position, std::string path, std::string reason);
  void warn(const ConfigPosition& position, std::string path, std::string reason);
};

/// Moves values under old spellings to where `replaced_by` says, unless something stands there, and warns.
void move_replaced_keys(const SettingNode& root, ConfigValue& tree, SettingReport& report);

/// Reads `tree` into the fields that `root` is bound to. Everything wrong goes to the report; what is wrong keeps its
/// default. Null leaves the default.
void load_settings(const SettingNode& root, const ConfigValue& tree, SettingReport& report);

/// The value at "a.b.c" (no list elements), or null.
const ConfigValue* find_value(const ConfigValue& tree, std::string_view path);
/// The declaration at "a.b.c" or "a.b[].c", or null.
const SettingNode* find_setting(const SettingNode& root, std::string_view path);

/// What the writer of `key` below `section` most likely meant, as a full path; empty if nothing is near.
std::string suggest_key(const SettingNode& section, std::string_view key);

/// Changes of single letters (insert, remove, replace, swap neighbours) between two words; `limit` + 1 if there are more
/// than `limit`, which is found out early.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

}  // namespace berth
