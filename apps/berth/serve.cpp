#include "server/serve.h"

#include <fmt/format.h>

#include <cstdio>

#include "apps/berth/commands.h"
#include "server/config_loader.h"

namespace berth {
namespace {

void say_which_defaults(const ServerConfig& config) {
  fmt::print(
      stderr,
      "berth: no configuration file: built-in defaults, listening on {}, content under {} (see berth serve --help)\n",
      config.http.listen_addresses().front().address,
      config.storage.driver == StorageDriver::filesystem ? config.storage.filesystem.root_directory : "memory");
}

}  // namespace

int run_serve(const std::optional<std::string>& file, Manner manner, std::string_view usage) {
  LoadedConfig loaded = load_config({.file = file, .environment = registry_environment()});
  if (!loaded.errors.empty()) {
    for (const std::string& line : loaded.errors) {
      fmt::print(stderr, "{}{}\n", manner == Manner::registry ? "configuration error: " : "", line);
    }
    if (manner == Manner::registry) fmt::print(stderr, "{}", usage);
    return 1;
  }
  if (!loaded.not_built.empty()) {
    for (const std::string& line : loaded.not_built) fmt::print(stderr, "{}\n", line);
    fmt::print(stderr, "berth: not starting: the configuration asks for what this version cannot do ({} keys above)\n",
               loaded.not_built.size());
    return 1;
  }
  if (!file) say_which_defaults(loaded.config);
  std::vector<std::string> warnings = std::move(loaded.warnings);
  warnings.insert(warnings.end(), loaded.no_ops.begin(), loaded.no_ops.end());
  return serve(loaded.config, warnings);
}

}  // namespace berth
