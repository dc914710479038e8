#include "base/setting_loader.h"

#include <algorithm>

namespace berth {
namespace {

// A file of nothing but unknown keys is answered with this many lines; more help nobody.
constexpr std::size_t kWarningLimit = 200;

void load_section(const SettingNode& node, const ConfigValue& value, SettingReport& report);

void take_faults(SettingFaults&& faults, const std::string& path, SettingReport& report) {
  for (SettingFault& fault : faults.errors) report.error(fault.position, path, std::move(fault.reason));
  for (SettingFault& fault : faults.warnings) report.warn(fault.position, path, std::move(fault.reason));
}

void report_no_op(const SettingNode& node, const ConfigPosition& position, SettingReport& report) {
  const SettingNode* top = &node;
  while (top->parent != nullptr && top->parent->status == SettingStatus::accepted_no_op) top = top->parent;
  const bool is_known =
      std::ranges::any_of(report.no_ops, [top](const SettingProblem& problem) { return problem.path == top->path; });
  if (!is_known) report.no_ops.push_back({position, top->path, "accepted without effect: " + top->options.reason});
}

/// Says what state the key is in that `value` was written for.
void report_status(const SettingNode& node, const ConfigValue& value, const ConfigPosition& position,
                   SettingReport& report) {
  if (value.is_empty()) return;
  if (node.status == SettingStatus::accepted_no_op) return report_no_op(node, position, report);
  if (node.status != SettingStatus::not_built_yet) return;
  if (value.is_scalar() && !node.options.harmless.empty()) {
    if (value.text() == node.options.harmless) return;
    if (parse_yaml_flag(value.text()) == false && node.options.harmless == "false") return;
  }
  std::string reason = "not built yet";
  if (!node.options.reason.empty()) reason += ": " + node.options.reason;
  report.not_built.push_back({position, node.path, reason});
}

bool is_disabled(const ConfigValue& element) {
  const ConfigValue* disabled = element.find("disabled");
  return disabled != nullptr && disabled->is_scalar() && parse_yaml_flag(disabled->text()) == true;
}

void load_list(const SettingNode& node, const ConfigValue& value, const ConfigPosition& position,
               SettingReport& report) {
  if (!value.is_list()) return report.error(value.position(), node.path, not_a(value, "a list"));
  node.clear_elements();
  SettingReport below;  // a list is listed as one, not key by key
  for (std::size_t index = 0; index < value.items().size(); ++index) {
    const ConfigValue& item = value.items()[index];
    SettingNode element;
    element.kind = SettingNode::Kind::section;
    element.path = node.path + "[" + std::to_string(index) + "]";
    element.status = node.status;
    element.options.reason = node.options.reason;
    if (!item.is_map()) {
      report.error(item.position(), element.path, not_a(item, "a map"));
      continue;
    }
    node.append_element(element);
    load_section(element, item, below);
  }
  std::ranges::move(below.errors, std::back_inserter(report.errors));
  std::ranges::move(below.warnings, std::back_inserter(report.warnings));
  if (!std::ranges::all_of(value.items(), is_disabled)) report_status(node, value, position, report);
}

void load_node(const SettingNode& node, const ConfigValue& value, const ConfigPosition& position,
               SettingReport& report) {
  // An alternative without parameters (`storage: s3`, `auth: {silly: }`) still asks for itself.
  const std::size_t listed_before = report.not_built.size();
  if (!value.is_null()) {
    switch (node.kind) {
      case SettingNode::Kind::section:
        load_section(node, value, report);
        break;
      case SettingNode::Kind::list_of_sections:
        load_list(node, value, position, report);
        break;
      case SettingNode::Kind::value: {
        SettingFaults faults;
        node.binding->read(value, faults);
        take_faults(std::move(faults), node.path, report);
        report_status(node, value, position, report);
        break;
      }
    }
  }
  if (node.options.is_alternative && node.status == SettingStatus::not_built_yet &&
      report.not_built.size() == listed_before) {
    report.not_built.push_back({position, node.path, "not built yet"});
  }
}

void load_unknown(const SettingNode& node, const ConfigEntry& entry, SettingReport& report) {
  if (node.options.is_open || report.warnings.size() >= kWarningLimit) return;
  const std::string path = node.path.empty() ? entry.key : node.path + "." + entry.key;
  const std::string suggestion = suggest_key(node, entry.key);
  report.warn(entry.position, path,
              suggestion.empty() ? "unknown key, ignored" : "unknown key, ignored (did you mean " + suggestion + "?)");
}

void load_section(const SettingNode& node, const ConfigValue& value, SettingReport& report) {
  if (value.is_null()) return;
  if (value.is_scalar() && node.binding) {
    SettingFaults faults;
    node.binding->read(value, faults);
    return take_faults(std::move(faults), node.path, report);
  }
  if (!value.is_map()) return report.error(value.position(), node.path, not_a(value, "a map of settings"));
  for (const ConfigEntry& entry : value.entries()) {
    const SettingNode* child = node.find(entry.key);
    if (child == nullptr) {
      load_unknown(node, entry, report);
    } else {
      load_node(*child, entry.value, entry.position, report);
    }
  }
  // An unknown key of a section that does nothing (or nothing yet) was still written for it.
  if (node.status == SettingStatus::accepted_no_op && !value.is_empty()) report_no_op(node, value.position(), report);
}

void move_below(const SettingNode& root, const SettingNode& node, ConfigValue& tree, SettingReport& report) {
  for (const auto& child : node.children) {
    if (child->kind == SettingNode::Kind::section) move_below(root, *child, tree, report);
    if (child->options.replaced_by.empty()) continue;
    const ConfigValue* old = find_value(tree, child->path);
    if (old == nullptr || old->is_empty()) continue;
    ConfigValue moved = *old;
    const std::string& path = child->options.replaced_by;
    const ConfigValue* present = find_value(tree, path);
    if (present != nullptr && !present->is_empty()) {
      report.warn(moved.position(), child->path, "old spelling, ignored because " + path + " is set");
      continue;
    }
    report.warn(moved.position(), child->path, "old spelling, read as " + path);
    const SettingNode* target = find_setting(root, path);
    if (moved.is_scalar() && target->binding && target->binding->shape == SettingShape::list_of_scalars) {
      ConfigValue list = ConfigValue::list(moved.position());
      list.items().push_back(std::move(moved));
      moved = std::move(list);
    }
    ConfigValue* place = &tree;
    std::string_view rest = path;
    for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
      const std::string_view key = rest.substr(0, dot);
      ConfigValue* next = place->find(key);
      if (next == nullptr || next->is_null())
        next = &place->set(key, ConfigValue::map(moved.position()), moved.position());
      place = next;
      rest.remove_prefix(dot + 1);
    }
    if (!place->is_map()) continue;  // loading says what is wrong with it
    const ConfigPosition position = moved.position();
    place->set(rest, std::move(moved), position);
  }
}

void remove_replaced(const SettingNode& node, ConfigValue& tree) {
  for (const auto& child : node.children) {
    if (!child->options.replaced_by.empty()) tree.remove(child->key);
    ConfigValue* below = tree.find(child->key);
    if (below != nullptr && child->kind == SettingNode::Kind::section) remove_replaced(*child, *below);
  }
}

void collect_paths(const SettingNode& node, std::string_view key, std::string& found) {
  for (const auto& child : node.children) {
    if (!found.empty()) return;
    if (child->key == key && child->options.replaced_by.empty()) found = child->path;
    collect_paths(*child, key, found);
  }
}

}  // namespace

std::string SettingProblem::line() const {
  return position.text() + ": " + (path.empty() ? std::string() : path + ": ") + reason;
}

void SettingReport::error(const ConfigPosition& position, std::string path, std::string reason) {
  errors.push_back({position, std::move(path), std::move(reason)});
}

void SettingReport::warn(const ConfigPosition& position, std::string path, std::string reason) {
  warnings.push_back({position, std::move(path), std::move(reason)});
}

void move_replaced_keys(const SettingNode& root, ConfigValue& tree, SettingReport& report) {
  if (!tree.is_map()) return;
  move_below(root, root, tree, report);
  remove_replaced(root, tree);
}

void load_settings(const SettingNode& root, const ConfigValue& tree, SettingReport& report) {
  load_section(root, tree, report);
}

const ConfigValue* find_value(const ConfigValue& tree, std::string_view path) {
  const ConfigValue* value = &tree;
  while (value != nullptr && !path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    value = value->find(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return value;
}

const SettingNode* find_setting(const SettingNode& root, std::string_view path) {
  const SettingNode* node = &root;
  while (node != nullptr && !path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    std::string_view key = path.substr(0, dot);
    const bool is_list = key.ends_with("[]");
    if (is_list) key.remove_suffix(2);
    node = node->find(key);
    if (is_list && node != nullptr) node = node->element.get();
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return node;
}

std::string suggest_key(const SettingNode& section, std::string_view key) {
  constexpr std::size_t kLongestKey = 64;
  if (key.size() > kLongestKey) return {};
  const SettingNode* nearest = nullptr;
  // More than three changes is another word.
  std::size_t distance = std::clamp<std::size_t>(key.size() / 3, 1, 3) + 1;
  for (const auto& child : section.children) {
    const std::size_t candidate = edit_distance(key, child->key, distance - 1);
    if (candidate < distance) {
      distance = candidate;
      nearest = child.get();
    }
  }
  if (nearest != nullptr) return nearest->path;
  // The right key at the wrong place: `certificate` directly below `http`.
  std::string elsewhere;
  collect_paths(section, key, elsewhere);
  const SettingNode* root = &section;
  while (root->parent != nullptr) root = root->parent;
  if (elsewhere.empty()) collect_paths(*root, key, elsewhere);
  return elsewhere;
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
  const std::size_t beyond = limit + 1;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return beyond;
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    // A swap reaches back two rows; beyond both no way leads back below the limit.
    if (std::ranges::min(row) > limit && std::ranges::min(last) > limit) return beyond;
    before.swap(last);
    last.swap(row);
  }
  return std::min(last[b.size()], beyond);
}

}  // namespace berth
