// read_yaml: YAML text into a ConfigValue tree, with what yaml-cpp leaves out: merge keys, the last of duplicate keys,
// and limits on what a few lines may expand to.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_value.h"
#include "base/setting_loader.h"

namespace berth {

struct YamlOptions {
  /// The name in every position: a path as the user typed it, or a variable's name.
  std::shared_ptr<const std::string> source = {};
  /// Off for the value of an environment variable, where a line says nothing.
  bool has_lines = true;
  std::size_t node_limit = 200'000;  ///< values after aliases and merges are expanded; ten thousand rules have 70,000
  std::size_t depth_limit = 64;
};

/// The first document of `text`; null if there is none. The error is one line without a path, such as
/// "config.yml:3: not YAML: end of map not found".
///
/// Merge keys follow YAML 1.1: a key written in the map itself wins over a merged one, an earlier map of a list over a
/// later one. Of duplicate keys the last wins and `warnings` says so. Any map or list may be anchored and repeated.
std::expected<ConfigValue, SettingProblem> read_yaml(std::string_view text, const YamlOptions& options,
                                                     std::vector<SettingProblem>& warnings);

}  // namespace berth
