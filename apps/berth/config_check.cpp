#include <fmt/format.h>

#include <cstdio>

#include "apps/berth/commands.h"
#include "server/config_loader.h"

namespace berth {

int run_config_check(const std::string& file, Strictness strictness) {
  const LoadedConfig loaded = load_config({.file = file, .environment = registry_environment()});
  const bool is_strict = strictness == Strictness::strict;
  // What fails the check reads as it does when serving; the rest says what it is.
  const char* const mild = is_strict ? "" : "warning: ";
  for (const std::string& line : loaded.errors) fmt::print(stderr, "{}\n", line);
  for (const std::string& line : loaded.warnings) fmt::print(stderr, "{}{}\n", mild, line);
  for (const std::string& line : loaded.not_built) fmt::print(stderr, "{}{}\n", mild, line);
  for (const std::string& line : loaded.no_ops) fmt::print(stderr, "note: {}\n", line);
  const std::size_t mild_count = loaded.warnings.size() + loaded.not_built.size();
  if (!loaded.errors.empty() || (is_strict && mild_count > 0)) return 1;
  fmt::print("{}: ok", file);
  if (mild_count > 0) fmt::print(", {} warning{}", mild_count, mild_count == 1 ? "" : "s");
  if (!loaded.not_built.empty()) fmt::print("; berth serve refuses it until what is not built yet is removed");
  fmt::print("\n");
  return 0;
}

}  // namespace berth
