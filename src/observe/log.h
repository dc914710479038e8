// Log: one line an event, key=value or JSON, for the person woken at night. No secrets.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace berth {

enum class LogLevel { error, warn, info, debug };
enum class LogFormat { text, json, logstash };

/// A field of a record: `{"repository", name}`, `{"size", 42}`.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;
  std::string_view name;
  Value value;

  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  LogField(std::string_view field, const char* text) : name(field), value(std::string_view(text)) {}
  LogField(std::string_view field, const std::string& text) : name(field), value(std::string_view(text)) {}
  LogField(std::string_view field, bool flag) : name(field), value(flag) {}
  LogField(std::string_view field, int number) : name(field), value(static_cast<std::int64_t>(number)) {}
  LogField(std::string_view field, unsigned number) : name(field), value(static_cast<std::uint64_t>(number)) {}
  LogField(std::string_view field, std::int64_t number) : name(field), value(number) {}
  LogField(std::string_view field, std::uint64_t number) : name(field), value(number) {}
  LogField(std::string_view field, double number) : name(field), value(number) {}
};

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  /// Added to every record (log.fields).
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// Threading: any thread; a record is written whole. Never blocks on anything but the output's write.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) = 0;
  virtual bool is_enabled(LogLevel level) const = 0;
  virtual void set_level(LogLevel level) = 0;

  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::error, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::warn, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::info, message, fields);
  }
  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::debug, message, fields);
  }

 private:
  void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
    if (is_enabled(level)) write(level, message, fields);
  }
};

/// Writes to standard error through spdlog.
std::unique_ptr<Log> make_log(LogOptions options);
/// Swallows everything; for tests.
std::unique_ptr<Log> make_silent_log();

}  // namespace berth
