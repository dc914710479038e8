#include "server/environment.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "server/config_file.h"
#include "server/yaml_reader.h"

namespace berth {
namespace {

constexpr std::string_view kPrefix = "REGISTRY_";
constexpr std::size_t kSecretFileLimit = 64 * 1024;

std::string upper(std::string_view text) {
  std::string result;
  for (const char c : text) result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

std::string lower(std::string_view text) {
  std::string result;
  for (const char c : text) result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

/// One step down: a key of a section, a free key of a map, or an index.
struct Step {
  std::string key;
  std::optional<std::size_t> index = {};
  bool is_free = false;    ///< a key that nobody declared
  bool is_choice = false;  ///< the container is a section like `storage`
  bool is_header = false;  ///< "_" in the name may stand for "-"
};

struct Target {
  std::vector<Step> steps;
  const SettingNode* node = nullptr;  ///< the declaration at, or around, the target
  bool is_element = false;            ///< one element of a list of scalars
};

/// What follows `name` in `rest`: empty at the end, nothing if `rest` names something else.
std::optional<std::string_view> after(std::string_view rest, std::string_view name) {
  if (name.empty() || !rest.starts_with(name)) return std::nullopt;
  rest.remove_prefix(name.size());
  if (rest.empty()) return rest;
  if (rest.front() != '_' || rest.size() == 1) return std::nullopt;
  return rest.substr(1);
}

std::optional<std::size_t> take_index(std::string_view& rest) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
  if (error != std::errc() || index > 100'000) return std::nullopt;
  std::string_view tail = rest.substr(static_cast<std::size_t>(end - rest.data()));
  if (!tail.empty() && (tail.front() != '_' || tail.size() == 1)) return std::nullopt;
  rest = tail.empty() ? tail : tail.substr(1);
  return index;
}

bool resolve(const SettingNode& node, std::string_view rest, Target& target);

bool resolve_child(const SettingNode& node, std::string_view rest, Target& target) {
  for (const auto& child : node.children) {
    for (const std::string& name : {upper(child->key), child->options.variable}) {
      const std::optional<std::string_view> tail = after(rest, name);
      if (!tail) continue;
      const std::size_t depth = target.steps.size();
      target.steps.push_back({.key = child->key, .is_choice = node.options.is_choice});
      if (resolve(*child, *tail, target)) return true;
      target.steps.resize(depth);
    }
  }
  if (const auto tail = after(rest, node.options.variable_infix)) return resolve(node, *tail, target);
  // A driver of which no key is known.
  if (node.options.is_open && node.options.is_alternative) {
    target.steps.push_back({.key = lower(rest), .is_free = true});
    target.node = &node;
    return true;
  }
  return false;
}

bool resolve_value(const SettingNode& node, std::string_view rest, Target& target) {
  switch (node.binding->shape) {
    case SettingShape::scalar:
      return false;
    case SettingShape::map:
      target.steps.push_back({.key = lower(rest), .is_free = true, .is_header = node.binding->type == "map of lists"});
      break;
    case SettingShape::list_of_scalars: {
      const std::optional<std::size_t> index = take_index(rest);
      if (!index || !rest.empty()) return false;
      target.steps.push_back({.key = {}, .index = index});
      target.is_element = true;
      break;
    }
  }
  target.node = &node;
  return true;
}

/// Finds what `rest` names at or below `node`; false leaves `target` with steps to be dropped.
bool resolve(const SettingNode& node, std::string_view rest, Target& target) {
  if (rest.empty()) {
    target.node = &node;
    return true;
  }
  switch (node.kind) {
    case SettingNode::Kind::section:
      return resolve_child(node, rest, target);
    case SettingNode::Kind::value:
      return resolve_value(node, rest, target);
    case SettingNode::Kind::list_of_sections: {
      const std::optional<std::size_t> index = take_index(rest);
      if (!index) return false;
      target.steps.push_back({.key = {}, .index = index});
      return resolve(*node.element, rest, target);
    }
  }
  return false;
}

std::string existing_key(const ConfigValue& map, const Step& step) {
  if (!step.is_free) return step.key;
  std::string dashed = step.key;
  if (step.is_header) std::ranges::replace(dashed, '_', '-');
  for (const ConfigEntry& entry : map.entries()) {
    const std::string name = lower(entry.key);
    if (name == step.key || name == dashed) return entry.key;
  }
  return dashed;
}

/// Writes `value` at the end of the steps; false if an index leaves a gap.
bool write(ConfigValue& tree, const std::vector<Step>& steps, const ConfigValue& value) {
  ConfigValue* place = &tree;
  const ConfigPosition& position = value.position();
  for (const Step& step : steps) {
    if (step.index) {
      if (!place->is_list()) *place = ConfigValue::list(position);
      if (*step.index > place->items().size()) return false;
      if (*step.index == place->items().size()) place->items().push_back(ConfigValue::null(position));
      place = &place->items()[*step.index];
      continue;
    }
    if (place->is_scalar() && step.is_choice && !place->text().empty()) {
      // `REGISTRY_STORAGE=s3` came before `REGISTRY_STORAGE_S3_BUCKET`.
      const std::string chosen = place->text();
      const ConfigPosition chosen_at = place->position();
      *place = ConfigValue::map(chosen_at);
      place->set(chosen, ConfigValue::map(chosen_at), chosen_at);
    }
    if (!place->is_map()) *place = ConfigValue::map(position);
    const std::string key = existing_key(*place, step);
    ConfigValue* next = place->find(key);
    place = next != nullptr ? next : &place->set(key, ConfigValue::null(position), position);
  }
  *place = value;
  return true;
}

std::optional<ConfigValue> parse_value(const Target& target, const std::string& text, const ConfigPosition& position,
                                       SettingReport& report) {
  const bool is_text = target.is_element || (target.node->binding && target.node->binding->is_text &&
                                             target.node->kind == SettingNode::Kind::value);
  std::vector<SettingProblem> warnings;
  auto value = read_yaml(text, {.source = position.source, .has_lines = false}, warnings);
  // `#abc` and `%abc` are nothing to YAML, but somebody's password.
  const bool is_lost = value && value->is_null() && !text.empty() && text != "~" && lower(text) != "null";
  if (is_text && (!value || value->is_map() || value->is_list() || is_lost)) {
    return ConfigValue::scalar(text, ConfigValue::Style::text, position);
  }
  if (!value) {
    report.error(position, target.node->path, value.error().reason);
    return std::nullopt;
  }
  std::ranges::move(warnings, std::back_inserter(report.warnings));
  return std::move(*value);
}

/// NAME_FILE, for secrets that orchestrators mount as files.
bool overlay_file(const SettingNode& root, std::string_view rest, const std::string& file,
                  const ConfigPosition& position, ConfigValue& tree, SettingReport& report) {
  constexpr std::string_view kSuffix = "_FILE";
  if (!rest.ends_with(kSuffix)) return false;
  Target target;
  if (!resolve(root, rest.substr(0, rest.size() - kSuffix.size()), target)) return false;
  const SettingNode& node = *target.node;
  if (node.kind != SettingNode::Kind::value || !node.binding->is_text) return false;
  auto text = read_regular_file(file, kSecretFileLimit);
  if (!text) {
    report.error(position, node.path, file + ": " + text.error());
    return true;
  }
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  write(tree, target.steps, ConfigValue::scalar(std::move(*text), ConfigValue::Style::text, position));
  return true;
}

void collect_variables(const SettingNode& node, std::vector<std::string>& names) {
  for (const auto& child : node.children) {
    names.push_back(variable_name(*child));
    collect_variables(*child, names);
    if (child->element) collect_variables(*child->element, names);
  }
}

std::string suggest_variable(const std::vector<std::string>& names, const std::string& name) {
  constexpr std::size_t kLongestName = 80;
  if (name.size() > kLongestName) return {};
  std::string nearest;
  std::size_t distance = std::clamp<std::size_t>((name.size() - kPrefix.size()) / 4, 1, 3) + 1;
  for (const std::string& candidate : names) {
    const std::size_t difference = edit_distance(name, candidate, distance - 1);
    if (difference < distance) {
      distance = difference;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace

std::optional<std::string> configuration_path_from_environment() {
  // The commands that ask have one thread at that time.
  const char* const path = std::getenv("REGISTRY_CONFIGURATION_PATH");  // NOLINT(concurrency-mt-unsafe)
  if (path == nullptr || *path == '\0') return std::nullopt;
  return path;
}

Environment registry_environment() {
  Environment variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !text.starts_with(kPrefix)) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

void overlay_environment(const SettingNode& root, Environment variables, ConfigValue& tree, SettingReport& report) {
  std::ranges::sort(variables);
  std::vector<std::string> names;
  for (const auto& [name, text] : variables) {
    if (!name.starts_with(kPrefix) || name == "REGISTRY_CONFIGURATION_PATH") continue;
    const ConfigPosition position{std::make_shared<const std::string>(name), 0};
    const std::string_view rest = std::string_view(name).substr(kPrefix.size());
    if (rest == "VERSION") {
      report.warn(position, "", "has no effect");
      continue;
    }
    Target target;
    if (rest.empty() || !resolve(root, rest, target)) {
      if (overlay_file(root, rest, text, position, tree, report)) continue;
      if (names.empty()) collect_variables(root, names);
      const std::string near = suggest_variable(names, name);
      report.warn(
          position, "",
          near.empty() ? "unknown variable, ignored" : "unknown variable, ignored (did you mean " + near + "?)");
      continue;
    }
    const std::optional<ConfigValue> value = parse_value(target, text, position, report);
    if (value && !write(tree, target.steps, *value)) {
      report.error(position, target.node->path, "undefined index: elements are set in order, the next one appends");
    }
  }
}

std::string variable_name(const SettingNode& node) {
  if (node.parent == nullptr) return "REGISTRY";
  if (node.key.empty()) return variable_name(*node.parent) + "_0";
  return variable_name(*node.parent) + "_" + (node.options.variable.empty() ? upper(node.key) : node.options.variable);
}

}  // namespace berth
