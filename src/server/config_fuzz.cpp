// Any file and any environment must end in a report, whatever they hold. The input is the file's text; lines after a
// line
// "%%" are variables, NAME=value.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/config_loader.h"
#include "server/settings.h"

namespace {

berth::Environment variables_of(std::string_view text) {
  constexpr std::size_t kMost = 8;
  berth::Environment variables;
  while (!text.empty() && variables.size() < kMost) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name = "REGISTRY_" + std::string(line.substr(0, equals));
    // Files of the machine are not part of the input.
    if (!name.ends_with("_FILE")) variables.emplace_back(name, line.substr(equals + 1));
  }
  return variables;
}

std::unique_ptr<berth::SettingNode> declarations(berth::ServerConfig& config) {
  auto root = std::make_unique<berth::SettingNode>();
  berth::describe_settings(*root, config);
  return root;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = input.find("\n%%\n");
  const std::string_view file = input.substr(0, split);
  const std::string_view rest = split == std::string_view::npos ? std::string_view() : input.substr(split + 4);
  // Declared once: that takes longer than most inputs do.
  static berth::ServerConfig config;
  static const std::unique_ptr<berth::SettingNode> root = declarations(config);
  config = berth::ServerConfig();
  const berth::SettingReport report = berth::read_config(file, "fuzz.yml", variables_of(rest), *root, config);
  for (const auto* problems : {&report.errors, &report.warnings, &report.not_built, &report.no_ops}) {
    for (const berth::SettingProblem& problem : *problems) {
      if (problem.reason.empty() || problem.line().find(": ") == std::string::npos) __builtin_trap();
    }
  }
  // What was read can be shown again.
  for (const auto& child : root->children) (void)child->show();
  return 0;
}
