#include "server/config_loader.h"

#include <memory>

#include "server/config_file.h"
#include "server/config_rules.h"
#include "server/settings.h"
#include "server/yaml_reader.h"

namespace berth {
namespace {

std::vector<std::string> lines(const std::vector<SettingProblem>& problems) {
  std::vector<std::string> text;
  text.reserve(problems.size());
  for (const SettingProblem& problem : problems) text.push_back(problem.line());
  return text;
}

void compare_nodes(const SettingNode& before, const SettingNode& after, std::vector<ChangedSetting>& changed) {
  if (before.kind != SettingNode::Kind::section) {
    // Secrets are compared by what they hold, not by how they are shown.
    const bool is_value = before.kind == SettingNode::Kind::value;
    const bool is_same = is_value ? before.binding->show() == after.binding->show() : before.show() == after.show();
    if (!is_same) changed.push_back({before.path, before.options.reload});
    return;
  }
  for (std::size_t i = 0; i < before.children.size(); ++i) {
    compare_nodes(*before.children[i], *after.children[i], changed);
  }
}

}  // namespace

std::string_view builtin_config() {
  return "version: 0.1\n"
         "log: {fields: {service: registry}}\n"
         "storage: {filesystem: {rootdirectory: ./data}}\n"
         "http: {addr: '127.0.0.1:5000', headers: {X-Content-Type-Options: [nosniff]}}\n"
         "health: {storagedriver: {enabled: true, interval: 10s, threshold: 3}}\n";
}

SettingReport read_config(std::string_view text, const std::string& source, const Environment& environment,
                          const SettingNode& root, ServerConfig& config) {
  SettingReport report;
  const YamlOptions options{.source = std::make_shared<const std::string>(source)};
  auto tree = read_yaml(text, options, report.warnings);
  if (!tree) {
    report.errors.push_back(tree.error());
    return report;
  }
  if (tree->is_null()) *tree = ConfigValue::map({options.source, 0});
  if (!tree->is_map()) {
    report.error(tree->position(), "", not_a(*tree, "a map of settings"));
    return report;
  }
  check_version(*tree, report);
  overlay_environment(root, environment, *tree, report);
  move_replaced_keys(root, *tree, report);
  settle_choices(root, *tree, report);
  load_settings(root, *tree, report);
  check_together(*tree, config, report);
  return report;
}

LoadedConfig load_config(const ConfigSources& sources) {
  LoadedConfig loaded;
  std::string text(builtin_config());
  if (sources.file) {
    auto read = read_regular_file(*sources.file, kConfigFileLimit);
    if (!read) {
      loaded.errors.push_back(*sources.file + ": " + read.error());
      return loaded;
    }
    text = std::move(*read);
  }
  loaded.config.file = sources.file.value_or("");
  SettingNode root;
  describe_settings(root, loaded.config);
  const SettingReport report =
      read_config(text, sources.file.value_or("(built-in defaults)"), sources.environment, root, loaded.config);
  loaded.errors = lines(report.errors);
  loaded.warnings = lines(report.warnings);
  loaded.no_ops = lines(report.no_ops);
  loaded.not_built = lines(report.not_built);
  return loaded;
}

std::vector<ChangedSetting> compare_configs(const ServerConfig& before, const ServerConfig& after) {
  ServerConfig old_values = before;
  ServerConfig new_values = after;
  SettingNode old_root;
  SettingNode new_root;
  describe_settings(old_root, old_values);
  describe_settings(new_root, new_values);
  std::vector<ChangedSetting> changed;
  compare_nodes(old_root, new_root, changed);
  return changed;
}

}  // namespace berth
