#include "observe/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>
#include <span>
#include <utility>

#include "base/clock.h"
#include "observe/log_record.h"

namespace berth {
namespace {

class StandardErrorLog final : public Log {
 public:
  explicit StandardErrorLog(LogOptions options)
      : options_(std::move(options)),
        level_(options_.level),
        logger_("berth", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    logger_.set_level(spdlog::level::trace);  // the level is ours: see is_enabled
    logger_.flush_on(spdlog::level::trace);
  }

  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) override {
    const std::string line =
        format_log_record(options_, level, SystemClock().now(), message, std::span(fields.begin(), fields.size()));
    logger_.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

  bool is_enabled(LogLevel level) const override { return level <= level_.load(std::memory_order_relaxed); }
  void set_level(LogLevel level) override { level_.store(level, std::memory_order_relaxed); }

 private:
  // Fixed after construction.
  const LogOptions options_;
  std::atomic<LogLevel> level_;
  spdlog::logger logger_;  // locks in its sink
};

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
  bool is_enabled(LogLevel) const override { return false; }
  void set_level(LogLevel) override {}
};

}  // namespace

std::unique_ptr<Log> make_log(LogOptions options) {
  return std::make_unique<StandardErrorLog>(std::move(options));
}

std::unique_ptr<Log> make_silent_log() {
  return std::make_unique<SilentLog>();
}

}  // namespace berth
