#include "base/setting_binding.h"

#include <charconv>
#include <utility>

#include "base/byte_count.h"
#include "base/duration.h"

namespace berth {
namespace {

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return "[" + text + "]";
}

/// Distribution stores null elements as empty strings; they mean nothing in any list of ours.
bool read_list(const ConfigValue& value, std::string_view what, SettingFaults& faults,
               std::vector<std::string>& items) {
  if (!value.is_list()) {
    faults.refuse(value, not_a(value, std::string(what) + " (like [a, b])"));
    return false;
  }
  for (const ConfigValue& item : value.items()) {
    if (!item.is_scalar()) {
      faults.refuse(item, not_a(item, "an element of " + std::string(what)));
      return false;
    }
    items.push_back(item.text());
  }
  return true;
}

}  // namespace

std::optional<bool> parse_yaml_flag(std::string_view text) {
  for (const std::string_view word : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"}) {
    if (text == word) return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_yaml_integer(std::string_view text) {
  std::string digits;
  bool is_negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    is_negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  const std::string_view prefix = text.substr(0, 2);
  if (prefix == "0x" || prefix == "0X") base = 16;
  if (prefix == "0b") base = 2;
  if (prefix == "0o") base = 8;
  if (base != 10) {
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  std::uint64_t magnitude = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, magnitude, base);
  if (digits.empty() || error != std::errc() || end != last) return std::nullopt;
  if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  const auto value = static_cast<std::int64_t>(magnitude);
  return is_negative ? -value : value;
}

std::optional<std::chrono::nanoseconds> parse_yaml_duration(std::string_view text) {
  if (const auto parsed = parse_duration(text)) return parsed;
  if (const auto number = parse_yaml_integer(text)) return std::chrono::nanoseconds(*number);
  return std::nullopt;
}

std::string not_a(const ConfigValue& value, std::string_view what) {
  switch (value.kind()) {
    case ConfigValue::Kind::null:
      return "nothing is not " + std::string(what);
    case ConfigValue::Kind::scalar:
      return in_quotes(value.text()) + " is not " + std::string(what);
    case ConfigValue::Kind::list:
      return "a list is not " + std::string(what);
    case ConfigValue::Kind::map:
      return "a map is not " + std::string(what);
  }
  return {};
}

const std::string* scalar_text(const ConfigValue& value, std::string_view what, SettingFaults& faults) {
  if (value.is_scalar()) return &value.text();
  faults.refuse(value, not_a(value, what));
  return nullptr;
}

namespace {

template <class Target>
SettingBinding flag_of(Target& target, std::function<std::string(const Target&)> show) {
  return custom<Target>(
      target, "true or false", "true or false",
      [](std::string_view text) -> std::expected<Target, std::string> {
        if (const auto parsed = parse_yaml_flag(text)) return *parsed;
        return std::unexpected(in_quotes(text) + " is not true or false");
      },
      std::move(show));
}

}  // namespace

SettingBinding flag(bool& target) {
  return flag_of<bool>(target, [](const bool& value) { return std::string(value ? "true" : "false"); });
}

SettingBinding flag(std::optional<bool>& target) {
  return flag_of<std::optional<bool>>(target, [](const std::optional<bool>& value) {
    return std::string(!value ? "" : *value ? "true" : "false");
  });
}

SettingBinding text(std::string& target) {
  SettingBinding binding = custom<std::string>(
      target, "text", "text",
      [](std::string_view text) -> std::expected<std::string, std::string> { return std::string(text); },
      [](const std::string& value) { return value; });
  binding.is_text = true;
  return binding;
}

SettingBinding text_list(std::vector<std::string>& target) {
  return {.type = "list",
          .bounds = {},
          .shape = SettingShape::list_of_scalars,
          .read =
              [&target](const ConfigValue& value, SettingFaults& faults) {
                std::vector<std::string> items;
                if (read_list(value, "a list", faults, items)) target = std::move(items);
              },
          .show = [&target] { return join(target); }};
}

SettingBinding text_map(std::vector<std::pair<std::string, std::string>>& target) {
  return {.type = "map",
          .bounds = {},
          .shape = SettingShape::map,
          .read =
              [&target](const ConfigValue& value, SettingFaults& faults) {
                if (!value.is_map()) return faults.refuse(value, not_a(value, "a map (like {name: value})"));
                target.clear();
                for (const ConfigEntry& entry : value.entries()) {
                  target.emplace_back(entry.key, entry.value.is_null() ? std::string() : entry.value.to_text());
                }
              },
          .show =
              [&target] {
                std::string text;
                for (const auto& [key, value] : target)
                  text.append(text.empty() ? "" : ", ").append(key).append(": ").append(value);
                return "{" + text + "}";
              }};
}

SettingBinding header_map(std::vector<std::pair<std::string, std::vector<std::string>>>& target) {
  return {.type = "map of lists",
          .bounds = {},
          .shape = SettingShape::map,
          .read =
              [&target](const ConfigValue& value, SettingFaults& faults) {
                if (!value.is_map()) return faults.refuse(value, not_a(value, "a map (like {X-Name: [value]})"));
                target.clear();
                for (const ConfigEntry& entry : value.entries()) {
                  if (entry.value.is_null()) continue;
                  std::vector<std::string> values;
                  if (!read_list(entry.value, "a list of values for the header " + entry.key, faults, values)) continue;
                  target.emplace_back(entry.key, std::move(values));
                }
              },
          .show =
              [&target] {
                std::string text;
                for (const auto& [key, values] : target) text += (text.empty() ? "" : ", ") + key + ": " + join(values);
                return "{" + text + "}";
              }};
}

SettingBinding any_value(ConfigValue& target, SettingShape shape) {
  return {.type = "any",
          .bounds = {},
          .shape = shape,
          .read = [&target](const ConfigValue& value, SettingFaults&) { target = value; },
          .show = [&target] { return target.is_null() ? std::string() : target.to_text(); }};
}

SettingBinding byte_count(std::uint64_t& target, std::uint64_t minimum, std::uint64_t maximum) {
  SettingBinding binding = custom<std::uint64_t>(
      target, "bytes", "a byte count (like 4MiB)",
      [minimum, maximum](std::string_view text) -> std::expected<std::uint64_t, std::string> {
        const auto parsed = parse_byte_count(text);
        if (!parsed) return std::unexpected(in_quotes(text) + " is not a byte count (like 4MiB)");
        if (*parsed < minimum) return std::unexpected(in_quotes(text) + " is less than " + format_byte_count(minimum));
        if (*parsed > maximum) return std::unexpected(in_quotes(text) + " is more than " + format_byte_count(maximum));
        return *parsed;
      },
      [](const std::uint64_t& value) { return format_byte_count(value); });
  if (minimum > 0) binding.bounds = "at least " + format_byte_count(minimum);
  return binding;
}

SettingBinding checked(SettingBinding binding, std::function<std::optional<std::string>(const std::string&)> check) {
  binding.read = [read = std::move(binding.read), check = std::move(check)](const ConfigValue& value,
                                                                            SettingFaults& faults) {
    const std::size_t errors_before = faults.errors.size();
    const auto look_at = [&faults, &check](const ConfigValue& scalar) {
      if (!scalar.is_scalar()) return;
      if (std::optional<std::string> reason = check(scalar.text())) faults.refuse(scalar, std::move(*reason));
    };
    look_at(value);
    for (const ConfigValue& item : value.items()) look_at(item);
    if (faults.errors.size() == errors_before) read(value, faults);
  };
  return binding;
}

std::optional<std::string> check_not_empty(const std::string& text) {
  if (text.empty()) return "must not be empty";
  return std::nullopt;
}

SettingBinding integer_binding(std::function<void(std::int64_t)> set, std::function<std::int64_t()> get,
                               std::int64_t minimum, std::int64_t maximum) {
  SettingBinding binding{.type = "number",
                         .bounds = {},
                         .read =
                             [set = std::move(set), minimum, maximum](const ConfigValue& value, SettingFaults& faults) {
                               const std::string* text = scalar_text(value, "a number", faults);
                               if (text == nullptr) return;
                               const auto parsed = parse_yaml_integer(*text);
                               if (!parsed) return faults.refuse(value, not_a(value, "a whole number"));
                               if (*parsed < minimum)
                                 return faults.refuse(value, *text + " is less than " + std::to_string(minimum));
                               if (*parsed > maximum)
                                 return faults.refuse(value, *text + " is more than " + std::to_string(maximum));
                               set(*parsed);
                             },
                         .show = [get = std::move(get)] { return std::to_string(get()); }};
  if (minimum > 0) binding.bounds = "at least " + std::to_string(minimum);
  return binding;
}

SettingBinding duration_binding(std::function<void(std::chrono::nanoseconds)> set,
                                std::function<std::optional<std::chrono::nanoseconds>()> get,
                                std::chrono::nanoseconds resolution, DurationBounds bounds) {
  SettingBinding binding{
      .type = "duration",
      .bounds = {},
      .read =
          [set = std::move(set), resolution, bounds](const ConfigValue& value, SettingFaults& faults) {
            const std::string* text = scalar_text(value, "a duration (like 30s)", faults);
            if (text == nullptr) return;
            const auto parsed = parse_yaml_duration(*text);
            const bool is_bare = parsed && parsed->count() != 0 && !parse_duration(*text);
            if (!parsed || (is_bare && bounds.bare_integer == BareInteger::is_refused)) {
              return faults.refuse(value, not_a(value, "a duration (like 30s)"));
            }
            if (*parsed < bounds.minimum) {
              return faults.refuse(value, in_quotes(*text) + " is less than " + format_duration(bounds.minimum));
            }
            if (*parsed > bounds.maximum) {
              return faults.refuse(value, in_quotes(*text) + " is more than " + format_duration(bounds.maximum));
            }
            if (parsed->count() != 0 && *parsed < resolution) {
              return faults.refuse(value, in_quotes(*text) + " is less than " + format_duration(resolution) +
                                              (is_bare ? " (a bare number counts nanoseconds)" : ""));
            }
            set(*parsed);
          },
      .show =
          [get = std::move(get)] {
            const auto value = get();
            return value ? format_duration(*value) : std::string();
          }};
  if (bounds.minimum.count() > 0) binding.bounds = "at least " + format_duration(bounds.minimum);
  return binding;
}

}  // namespace berth
