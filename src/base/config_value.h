// ConfigValue: what a configuration says, before anybody knows what it means: null, scalars, lists and maps, each with
// the place it was written at. server/ makes it from YAML and the environment; base/setting.h gives it types.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

/// Where a value was written: a line of a file, or an environment variable (line 0).
struct ConfigPosition {
  std::shared_ptr<const std::string> source;
  std::size_t line = 0;

  /// "config.yml:12" or "REGISTRY_HTTP_ADDR".
  std::string text() const;
};

struct ConfigEntry;

/// Threading: a plain value. Lifetime: references into it end with any change of it.
class ConfigValue {
 public:
  enum class Kind { null, scalar, list, map };
  /// `text` marks what YAML says is a string whatever it looks like ("true" in quotes); `plain` is a bare word.
  enum class Style { plain, text };

  ConfigValue();
  static ConfigValue null(ConfigPosition position);
  static ConfigValue scalar(std::string text, Style style, ConfigPosition position);
  static ConfigValue list(ConfigPosition position);
  static ConfigValue map(ConfigPosition position);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_scalar() const { return kind_ == Kind::scalar; }
  bool is_list() const { return kind_ == Kind::list; }
  bool is_map() const { return kind_ == Kind::map; }
  /// Null, an empty string, an empty list or an empty map: nothing was asked for.
  bool is_empty() const;
  const ConfigPosition& position() const { return position_; }

  /// Of a scalar; empty for the others.
  const std::string& text() const { return text_; }
  bool is_quoted() const { return style_ == Style::text; }

  /// Of a list.
  const std::vector<ConfigValue>& items() const { return items_; }
  std::vector<ConfigValue>& items() { return items_; }

  /// Of a map, in the order written; keys are unique.
  const std::vector<ConfigEntry>& entries() const { return entries_; }
  std::vector<ConfigEntry>& entries() { return entries_; }
  const ConfigValue* find(std::string_view key) const;
  ConfigValue* find(std::string_view key);
  /// Replaces the value of `key`, or adds it at the end. Returns the value in its place.
  ConfigValue& set(std::string_view key, ConfigValue value, ConfigPosition key_position);
  void remove(std::string_view key);

  /// How many values this is, itself and all below it.
  std::size_t node_count() const;

  /// One line for messages: `abc`, `[a, b]`, `{a: b}`, `null`.
  std::string to_text() const;

 private:
  ConfigValue(Kind kind, ConfigPosition position);

  Kind kind_ = Kind::null;
  Style style_ = Style::plain;
  std::string text_;
  std::vector<ConfigValue> items_;
  std::vector<ConfigEntry> entries_;
  ConfigPosition position_;
};

struct ConfigEntry {
  std::string key;
  ConfigPosition position;  ///< of the key
  ConfigValue value;
};

}  // namespace berth
