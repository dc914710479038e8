#include "base/config_value.h"

#include <algorithm>

namespace berth {

std::string ConfigPosition::text() const {
  const std::string name = source ? *source : std::string("(built in)");
  return line == 0 ? name : name + ":" + std::to_string(line);
}

ConfigValue::ConfigValue() = default;

ConfigValue::ConfigValue(Kind kind, ConfigPosition position) : kind_(kind), position_(std::move(position)) {}

ConfigValue ConfigValue::null(ConfigPosition position) {
  return {Kind::null, std::move(position)};
}

ConfigValue ConfigValue::scalar(std::string text, Style style, ConfigPosition position) {
  ConfigValue value(Kind::scalar, std::move(position));
  value.text_ = std::move(text);
  value.style_ = style;
  return value;
}

ConfigValue ConfigValue::list(ConfigPosition position) {
  return {Kind::list, std::move(position)};
}

ConfigValue ConfigValue::map(ConfigPosition position) {
  return {Kind::map, std::move(position)};
}

bool ConfigValue::is_empty() const {
  switch (kind_) {
    case Kind::null:
      return true;
    case Kind::scalar:
      return text_.empty();
    case Kind::list:
      return items_.empty();
    case Kind::map:
      return entries_.empty();
  }
  return true;
}

const ConfigValue* ConfigValue::find(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, &ConfigEntry::key);
  return found == entries_.end() ? nullptr : &found->value;
}

ConfigValue* ConfigValue::find(std::string_view key) {
  const auto found = std::ranges::find(entries_, key, &ConfigEntry::key);
  return found == entries_.end() ? nullptr : &found->value;
}

ConfigValue& ConfigValue::set(std::string_view key, ConfigValue value, ConfigPosition key_position) {
  const auto found = std::ranges::find(entries_, key, &ConfigEntry::key);
  if (found == entries_.end()) {
    entries_.push_back({std::string(key), std::move(key_position), std::move(value)});
    return entries_.back().value;
  }
  found->position = std::move(key_position);
  found->value = std::move(value);
  return found->value;
}

void ConfigValue::remove(std::string_view key) {
  std::erase_if(entries_, [key](const ConfigEntry& entry) { return entry.key == key; });
}

std::size_t ConfigValue::node_count() const {
  std::size_t count = 1;
  for (const ConfigValue& item : items_) count += item.node_count();
  for (const ConfigEntry& entry : entries_) count += 1 + entry.value.node_count();
  return count;
}

std::string ConfigValue::to_text() const {
  std::string text;
  switch (kind_) {
    case Kind::null:
      return "null";
    case Kind::scalar:
      return text_;
    case Kind::list:
      for (const ConfigValue& item : items_) text += (text.empty() ? "" : ", ") + item.to_text();
      return "[" + text + "]";
    case Kind::map:
      for (const ConfigEntry& entry : entries_) {
        text += (text.empty() ? "" : ", ") + entry.key + ": " + entry.value.to_text();
      }
      return "{" + text + "}";
  }
  return text;
}

}  // namespace berth
