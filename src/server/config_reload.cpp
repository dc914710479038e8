#include "server/config_reload.h"

#include <fmt/format.h>

#include <stdexcept>

#include "server/config_loader.h"

namespace berth {

ServerConfig read_config_again(const ServerConfig& running, Log& log) {
  const std::optional<std::string> file = running.file.empty() ? std::nullopt : std::optional(running.file);
  LoadedConfig loaded = load_config({.file = file, .environment = registry_environment()});
  if (!loaded.errors.empty()) throw std::runtime_error(loaded.errors.front());
  if (!loaded.not_built.empty()) throw std::runtime_error(loaded.not_built.front());
  for (const std::string& warning : loaded.warnings) log.warn(warning);
  for (const ChangedSetting& setting : compare_configs(running, loaded.config)) {
    if (setting.reload == SettingReload::live) continue;
    log.warn(fmt::format("{} has changed and needs a restart", setting.path));
  }
  return std::move(loaded.config);
}

}  // namespace berth
