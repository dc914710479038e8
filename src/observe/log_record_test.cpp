#include "observe/log_record.h"

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <limits>
#include <string>

namespace berth {
namespace {

constexpr WallTime kTime{std::chrono::microseconds(1'767'366'245'000'120)};  // 2026-01-02 15:04:05.000120 UTC

std::string record(LogFormat format, std::string_view message, std::initializer_list<LogField> fields,
                   std::vector<std::pair<std::string, std::string>> added = {}) {
  const LogOptions options{LogLevel::info, format, std::move(added)};
  return format_log_record(options, LogLevel::warn, kTime, message, std::span(fields.begin(), fields.size()));
}

TEST(FormatTimestamp, IsRfc3339InUtc) {
  EXPECT_EQ(format_timestamp(kTime), "2026-01-02T15:04:05.000120Z");
  EXPECT_EQ(format_timestamp(WallTime{}), "1970-01-01T00:00:00.000000Z");
}

TEST(FormatLogRecord, WritesTextAsLogrusDoes) {
  EXPECT_EQ(record(LogFormat::text, "blob pushed",
                   {{"repository", "library/app"}, {"digest", "sha256:ab"}, {"size", 42}, {"ok", true}, {"s", 0.5}}),
            R"(time="2026-01-02T15:04:05.000120Z" level=warning msg="blob pushed" repository=library/app)"
            R"( digest="sha256:ab" size=42 ok=true s=0.5)");
}

TEST(FormatLogRecord, WritesJson) {
  EXPECT_EQ(record(LogFormat::json, "it \"broke\"", {{"size", std::uint64_t{1} << 63U}, {"path", "/a\n"}}),
            R"({"level":"warning","msg":"it \"broke\"","time":"2026-01-02T15:04:05.000120Z",)"
            R"("size":9223372036854775808,"path":"/a\n"})");
}

TEST(FormatLogRecord, WritesLogstash) {
  EXPECT_EQ(
      record(LogFormat::logstash, "listening", {{"n", -1}}),
      R"({"@timestamp":"2026-01-02T15:04:05.000120Z","@version":"1","level":"warning","message":"listening","n":-1})");
}

TEST(FormatLogRecord, AddsTheFieldsOfTheConfigurationUnlessTheRecordHasThem) {
  EXPECT_EQ(record(LogFormat::text, "m", {{"service", "own"}}, {{"service", "registry"}, {"environment", "a b"}}),
            R"(time="2026-01-02T15:04:05.000120Z" level=warning msg=m service=own environment="a b")");
}

TEST(FormatLogRecord, LetsNoFieldForgeAnother) {
  EXPECT_EQ(
      record(LogFormat::text, "m\nlevel=error", {{"msg", "x"}, {"a b=\n", "y\" level=error"}}),
      R"(time="2026-01-02T15:04:05.000120Z" level=warning msg="m\nlevel=error" fields.msg=x "a b=\n"="y\" level=error")");
  EXPECT_EQ(
      record(LogFormat::json, "m", {{"level", "x"}, {"a\",\"level", "y"}}),
      R"({"level":"warning","msg":"m","time":"2026-01-02T15:04:05.000120Z","fields.level":"x","a\",\"level":"y"})");
}

TEST(FormatLogRecord, HasNoInfinityInJson) {
  EXPECT_EQ(record(LogFormat::json, "m", {{"rate", std::numeric_limits<double>::infinity()}}),
            R"({"level":"warning","msg":"m","time":"2026-01-02T15:04:05.000120Z","rate":null})");
}

TEST(Log, PassesWhatIsEnabledToStandardError) {
  const auto log = make_log({LogLevel::info, LogFormat::text, {}});
  testing::internal::CaptureStderr();
  log->debug("hidden");
  log->info("shown", {{"n", 1}});
  log->set_level(LogLevel::debug);
  log->debug("seen with {} and %s");
  const std::string out = testing::internal::GetCapturedStderr();
  EXPECT_EQ(out.find("hidden"), std::string::npos);
  EXPECT_NE(out.find("level=info msg=shown n=1\n"), std::string::npos) << out;
  EXPECT_NE(out.find("level=debug msg=\"seen with {} and %s\"\n"), std::string::npos) << out;
}

TEST(Log, IsSilentWhenAskedTo) {
  const auto log = make_silent_log();
  testing::internal::CaptureStderr();
  log->error("nobody hears this");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_FALSE(log->is_enabled(LogLevel::error));
}

}  // namespace
}  // namespace berth
