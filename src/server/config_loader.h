// Loading: file, environment and defaults become a ServerConfig, with every problem as one line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/setting_loader.h"
#include "server/config.h"
#include "server/environment.h"

namespace berth {

/// A file may be this large.
constexpr std::size_t kConfigFileLimit = 4 * 1024 * 1024;

struct ConfigSources {
  /// Nothing: the built-in defaults (builtin_config()).
  std::optional<std::string> file;
  Environment environment;
};

/// Lines as people see them: "config.yml:12: http.draintimeout: "abc" is not a duration (like 30s)".
struct LoadedConfig {
  ServerConfig config;
  std::vector<std::string> errors;     ///< the configuration cannot be used
  std::vector<std::string> warnings;   ///< unknown keys and variables, old spellings, duplicates
  std::vector<std::string> no_ops;     ///< accepted without effect
  std::vector<std::string> not_built;  ///< checked; serving must refuse to start
};

/// Blocks (reads files). Never throws for anything a file or a variable may hold.
LoadedConfig load_config(const ConfigSources& sources);

/// What `berth serve` uses without a file: 127.0.0.1:5000, content under ./data.
std::string_view builtin_config();

/// The same from text, with the declarations in the caller's hand so that every key's value can be shown afterwards.
/// `root` was made by describe_settings for `config`.
SettingReport read_config(std::string_view text, const std::string& source, const Environment& environment,
                          const SettingNode& root, ServerConfig& config);

/// One key that differs between two configurations.
struct ChangedSetting {
  std::string path;
  SettingReload reload;
};

/// For reload: which keys changed, and whether they need a restart.
std::vector<ChangedSetting> compare_configs(const ServerConfig& before, const ServerConfig& after);

}  // namespace berth
