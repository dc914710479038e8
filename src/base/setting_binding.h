// SettingBinding: how one kind of value is read from the configuration into a field, and shown again.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/config_value.h"

namespace berth {

/// What a value did wrong: `reason` completes the line "config.yml:12: http.draintimeout: ...".
struct SettingFault {
  ConfigPosition position;
  std::string reason;
};

struct SettingFaults {
  std::vector<SettingFault> errors;
  std::vector<SettingFault> warnings;

  void refuse(const ConfigValue& value, std::string reason) { errors.push_back({value.position(), std::move(reason)}); }
  void warn(const ConfigValue& value, std::string reason) { warnings.push_back({value.position(), std::move(reason)}); }
};

enum class SettingShape {
  scalar,
  list_of_scalars,  ///< elements can be set one by one from the environment
  map,              ///< keys are free
};

struct SettingBinding {
  std::string type;    ///< for people: "duration"
  std::string bounds;  ///< for people: "at least 1s", may be empty
  SettingShape shape = SettingShape::scalar;
  bool is_text = false;  ///< a string: the environment's value is taken as it is where it is not a YAML scalar
  /// Writes the field, or leaves it and says why. Never called with null: that leaves the default.
  std::function<void(const ConfigValue&, SettingFaults&)> read;
  std::function<std::string()> show;
};

/// A parser for a scalar: the value, or the reason.
template <class T>
using ScalarParser = std::function<std::expected<T, std::string>(std::string_view)>;

// Scalars as YAML and Go's decoder have them. Quoting is tolerated everywhere ("10" is 10).
std::optional<bool> parse_yaml_flag(std::string_view text);             ///< true/false, yes/no, on/off, y/n
std::optional<std::int64_t> parse_yaml_integer(std::string_view text);  ///< decimal, 0x, 0o, 0b, leading 0 (octal), "_"
/// Go's syntax, or a bare integer of nanoseconds.
std::optional<std::chrono::nanoseconds> parse_yaml_duration(std::string_view text);

/// `"abc" is not a duration (like 30s)`; a list or map is named as such.
std::string not_a(const ConfigValue& value, std::string_view what);

/// The scalar of `value`, or nothing after a refusal.
const std::string* scalar_text(const ConfigValue& value, std::string_view what, SettingFaults& faults);

SettingBinding flag(bool& target);
SettingBinding flag(std::optional<bool>& target);  ///< nothing: not set
SettingBinding text(std::string& target);
SettingBinding text_list(std::vector<std::string>& target);
/// Free keys with values of any kind, kept as text.
SettingBinding text_map(std::vector<std::pair<std::string, std::string>>& target);
/// Header fields: every value must be a list.
SettingBinding header_map(std::vector<std::pair<std::string, std::vector<std::string>>>& target);
/// Anything: kept as it is for whoever understands it.
SettingBinding any_value(ConfigValue& target, SettingShape shape = SettingShape::map);
SettingBinding byte_count(std::uint64_t& target, std::uint64_t minimum = 0,
                          std::uint64_t maximum = std::numeric_limits<std::int64_t>::max());

/// The same, and `check` may refuse a scalar, or an element of a list, by returning a reason.
SettingBinding checked(SettingBinding binding, std::function<std::optional<std::string>(const std::string&)> check);
std::optional<std::string> check_not_empty(const std::string& text);

/// A scalar read by `parse` and shown by `show`.
template <class T>
SettingBinding custom(T& target, const std::string& type, const std::string& what, ScalarParser<T> parse,
                      std::function<std::string(const T&)> show) {
  return {.type = type,
          .bounds = {},
          .read =
              [&target, what, parse = std::move(parse)](const ConfigValue& value, SettingFaults& faults) {
                const std::string* text = scalar_text(value, what, faults);
                if (text == nullptr) return;
                std::expected<T, std::string> parsed = parse(*text);
                if (!parsed) return faults.refuse(value, parsed.error());
                target = std::move(*parsed);
              },
          .show = [&target, show = std::move(show)] { return show(target); }};
}

SettingBinding integer_binding(std::function<void(std::int64_t)> set, std::function<std::int64_t()> get,
                               std::int64_t minimum, std::int64_t maximum);

template <std::integral T>
SettingBinding number(T& target, std::int64_t minimum = 0, std::int64_t maximum = std::numeric_limits<int>::max()) {
  return integer_binding([&target](std::int64_t value) { target = static_cast<T>(value); },
                         [&target] { return static_cast<std::int64_t>(target); }, minimum, maximum);
}

enum class BareInteger {
  is_nanoseconds,  ///< as Distribution's typed durations
  is_refused,      ///< as Distribution's free-form durations; 168 for "168h" must not mean 168 ns
};

struct DurationBounds {
  std::chrono::nanoseconds minimum{0};
  std::chrono::nanoseconds maximum{std::numeric_limits<std::int64_t>::max()};
  BareInteger bare_integer = BareInteger::is_nanoseconds;
};

SettingBinding duration_binding(std::function<void(std::chrono::nanoseconds)> set,
                                std::function<std::optional<std::chrono::nanoseconds>()> get,
                                std::chrono::nanoseconds resolution, DurationBounds bounds);

/// A value finer than the field can hold is refused, unless it is zero.
template <class Rep, class Period>
SettingBinding duration(std::chrono::duration<Rep, Period>& target, DurationBounds bounds = {}) {
  using Target = std::chrono::duration<Rep, Period>;
  return duration_binding(
      [&target](std::chrono::nanoseconds value) { target = std::chrono::duration_cast<Target>(value); },
      [&target] { return std::optional<std::chrono::nanoseconds>(target); }, std::chrono::nanoseconds(Target(1)),
      bounds);
}

/// Unset stays apart from zero.
template <class Rep, class Period>
SettingBinding duration(std::optional<std::chrono::duration<Rep, Period>>& target, DurationBounds bounds = {}) {
  using Target = std::chrono::duration<Rep, Period>;
  return duration_binding(
      [&target](std::chrono::nanoseconds value) { target = std::chrono::duration_cast<Target>(value); },
      [&target] { return target ? std::optional<std::chrono::nanoseconds>(*target) : std::nullopt; },
      std::chrono::nanoseconds(Target(1)), bounds);
}

/// One of a few words (letter case does not matter).
template <class E>
SettingBinding choice(E& target, std::vector<std::pair<std::string, E>> words) {
  std::string names;
  for (const auto& [word, meaning] : words) names += (names.empty() ? "" : ", ") + word;
  SettingBinding binding = custom<E>(
      target, "word", "one of " + names,
      [words, names](std::string_view text) -> std::expected<E, std::string> {
        std::string lower;
        for (const char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        for (const auto& [word, meaning] : words) {
          if (lower == word) return meaning;
        }
        return std::unexpected("\"" + std::string(text) + "\" is not one of " + names);
      },
      [words](const E& value) {
        for (const auto& [word, meaning] : words) {
          if (meaning == value) return word;
        }
        return std::string();
      });
  binding.bounds = "one of " + names;
  return binding;
}

}  // namespace berth
