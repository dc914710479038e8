#include "observe/log_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <initializer_list>
#include <type_traits>

#include "observe/escape.h"

namespace berth {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_reserved(LogFormat format, std::string_view name) {
  switch (format) {
    case LogFormat::text:
    case LogFormat::json:
      return is_one_of(name, {"time", "level", "msg"});
    case LogFormat::logstash:
      return is_one_of(name, {"@timestamp", "@version", "level", "message"});
  }
  return false;
}

/// The name under which a field is written.
std::string shown_name(LogFormat format, std::string_view name) {
  return is_reserved(format, name) ? "fields." + std::string(name) : std::string(name);
}

void append_number(std::string& out, const LogField::Value& value) {
  std::visit(
      [&out](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, bool>) {
          out += held ? "true" : "false";
        } else if constexpr (std::is_arithmetic_v<Held>) {
          out += fmt::format("{}", held);
        }
      },
      value);
}

void append_text_field(std::string& out, std::string_view name, const LogField::Value& value) {
  out += ' ';
  append_bare_or_quoted(out, shown_name(LogFormat::text, name));
  out += '=';
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    append_bare_or_quoted(out, *text);
  } else {
    append_number(out, value);
  }
}

void append_json_field(std::string& out, LogFormat format, std::string_view name, const LogField::Value& value) {
  out += ',';
  append_json_quoted(out, shown_name(format, name));
  out += ':';
  const auto* number = std::get_if<double>(&value);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    append_json_quoted(out, *text);
  } else if (number != nullptr && !std::isfinite(*number)) {
    out += "null";  // JSON has no infinity
  } else {
    append_number(out, value);
  }
}

}  // namespace

std::string_view log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warn:
      return "warning";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
  }
  return "info";
}

std::string format_timestamp(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::string format_log_record(const LogOptions& options, LogLevel level, WallTime time, std::string_view message,
                              std::span<const LogField> fields) {
  std::string out;
  const LogFormat format = options.format;
  switch (format) {
    case LogFormat::text:
      out += fmt::format("time=\"{}\" level={} msg=", format_timestamp(time), log_level_name(level));
      append_bare_or_quoted(out, message);
      break;
    case LogFormat::json:
      out += fmt::format(R"({{"level":"{}","msg":)", log_level_name(level));
      append_json_quoted(out, message);
      out += fmt::format(R"(,"time":"{}")", format_timestamp(time));
      break;
    case LogFormat::logstash:
      out += fmt::format(R"({{"@timestamp":"{}","@version":"1","level":"{}","message":)", format_timestamp(time),
                         log_level_name(level));
      append_json_quoted(out, message);
      break;
  }
  const auto append = [&out, format](std::string_view name, const LogField::Value& value) {
    if (format == LogFormat::text) {
      append_text_field(out, name, value);
    } else {
      append_json_field(out, format, name, value);
    }
  };
  for (const LogField& field : fields) append(field.name, field.value);
  for (const auto& [name, value] : options.fields) {
    const bool is_overridden =
        std::any_of(fields.begin(), fields.end(), [&key = name](const LogField& field) { return field.name == key; });
    if (!is_overridden) append(name, std::string_view(value));
  }
  if (format != LogFormat::text) out += '}';
  return out;
}

}  // namespace berth
