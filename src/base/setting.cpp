#include "base/setting.h"

#include <algorithm>

namespace berth {

const SettingNode* SettingNode::find(std::string_view child_key) const {
  const auto found = std::ranges::find_if(
      children, [child_key](const std::unique_ptr<SettingNode>& child) { return child->key == child_key; });
  return found == children.end() ? nullptr : found->get();
}

std::string SettingNode::show() const {
  if (kind == Kind::value) return options.is_secret && !binding->show().empty() ? "(secret)" : binding->show();
  std::string text;
  if (kind == Kind::list_of_sections) {
    std::vector<std::unique_ptr<SettingNode>> elements;
    describe_elements(elements);
    for (const auto& item : elements) text += (text.empty() ? "" : ", ") + item->show();
    return "[" + text + "]";
  }
  for (const auto& child : children) {
    // In the short form only what differs from nothing is worth reading.
    const std::string shown = child->show();
    if (shown.empty() || shown == "[]" || shown == "{}") continue;
    text += (text.empty() ? "" : ", ") + child->key + ": " + shown;
  }
  return "{" + text + "}";
}

SettingNode& SettingSection::add(SettingNode::Kind kind, std::string key, std::string help, SettingOptions options) {
  auto child = std::make_unique<SettingNode>();
  child->kind = kind;
  child->path = node_.path.empty() ? key : node_.path + "." + key;
  child->key = std::move(key);
  child->help = std::move(help);
  child->status = options.status.value_or(node_.status);
  if (options.reason.empty()) options.reason = node_.options.reason;
  child->options = std::move(options);
  child->parent = &node_;
  node_.children.push_back(std::move(child));
  return *node_.children.back();
}

SettingSection SettingSection::section(std::string key, std::string help, SettingOptions options) {
  // Several owners may add to one section: the first one describes it.
  for (const auto& child : node_.children) {
    if (child->key == key) return SettingSection(*child);
  }
  return SettingSection(add(SettingNode::Kind::section, std::move(key), std::move(help), std::move(options)));
}

void SettingSection::value(std::string key, SettingBinding binding, std::string help, SettingOptions options) {
  SettingNode& node = add(SettingNode::Kind::value, std::move(key), std::move(help), std::move(options));
  node.default_text = binding.show();
  node.binding = std::move(binding);
}

std::unique_ptr<SettingNode> SettingSection::make_element(SettingNode& list) {
  auto element = std::make_unique<SettingNode>();
  element->kind = SettingNode::Kind::section;
  element->path = list.path + "[]";
  element->status = list.status;
  element->options.reason = list.options.reason;
  element->parent = &list;
  return element;
}

}  // namespace berth
