#include "observe/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "base/unique_fd.h"

namespace berth {
namespace {

AccessLine a_request() {
  AccessLine line;
  line.started = WallTime{std::chrono::seconds(1'767'366'245)};
  line.remote_address = "10.0.0.1:4711";
  line.method = "GET";
  line.target = "/v2/";
  line.protocol = "HTTP/1.1";
  line.status = 200;
  line.sent_bytes = 2;
  line.user_agent = "docker/20.10";
  return line;
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe");
    reader = UniqueFd(ends[0]);
    writer = UniqueFd(ends[1]);
  }
  std::string read_available() const {
    ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
    std::string out;
    std::array<char, 65536> buffer{};
    ssize_t count = 0;
    while ((count = ::read(reader.get(), buffer.data(), buffer.size())) > 0) {
      out.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return out;
  }
  UniqueFd reader;
  UniqueFd writer;
};

TEST(FormatAccessLine, IsApachesCombinedFormat) {
  EXPECT_EQ(format_access_line_combined(a_request()),
            R"(10.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /v2/ HTTP/1.1" 200 2 "" "docker/20.10")");
}

TEST(FormatAccessLine, ShowsTheAddressWithoutPort) {
  AccessLine line = a_request();
  line.remote_address = "[fe80::1]:80";
  EXPECT_TRUE(format_access_line_combined(line).starts_with("fe80::1 - - ["));
  line.remote_address = "fe80::1";
  EXPECT_TRUE(format_access_line_combined(line).starts_with("fe80::1 - - ["));
  line.remote_address = "unix";
  EXPECT_TRUE(format_access_line_combined(line).starts_with("unix - - ["));
  line.remote_address = "";
  EXPECT_TRUE(format_access_line_combined(line).starts_with("- - - ["));
}

TEST(FormatAccessLine, LetsNoClientForgeALine) {
  AccessLine line = a_request();
  line.user = "eve\n1.2.3.4 - \"";
  line.target = "/v2/\"\r\n";
  line.referer = "\"";
  line.user_agent = "a\x1b[0m\xFF";
  EXPECT_EQ(format_access_line_combined(line),
            "10.0.0.1 - eve_1.2.3.4_-__ [02/Jan/2026:15:04:05 +0000] "
            R"("GET /v2/\"\r\n HTTP/1.1" 200 2 "\"" "a\x1b[0m\xff")");
}

TEST(FormatAccessLine, HasAJsonForm) {
  AccessLine line = a_request();
  line.request_id = "id-1";
  line.duration = std::chrono::microseconds(1500);
  line.user = "eve\n";
  EXPECT_EQ(
      format_access_line_json(line),
      R"({"time":"2026-01-02T15:04:05.000000Z","http.request.id":"id-1","http.request.remoteaddr":"10.0.0.1:4711",)"
      R"("auth.user.name":"eve\n","http.request.method":"GET","http.request.uri":"/v2/",)"
      R"("http.request.protocol":"HTTP/1.1","http.request.useragent":"docker/20.10","http.request.read":0,)"
      R"("http.response.status":200,"http.response.written":2,"http.response.duration_ms":1.500,)"
      R"("http.response.complete":true})");
}

TEST(AccessLog, WritesEveryLineWhole) {
  const Pipe pipe;
  Metrics metrics;
  {
    AccessLogOptions options;
    options.descriptor = pipe.writer.get();
    AccessLog log(options, metrics);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&log] {
        for (int n = 0; n < 100; ++n) log.write(a_request());
      });
    }
    for (std::thread& thread : threads) thread.join();
    log.flush();
  }
  const std::string line = format_access_line_combined(a_request()) + "\n";
  std::string expected;
  for (int i = 0; i < 400; ++i) expected += line;
  EXPECT_EQ(pipe.read_available(), expected);
}

TEST(AccessLog, WritesWhatIsBufferedWhenItEnds) {
  const Pipe pipe;
  Metrics metrics;
  {
    AccessLogOptions options;
    options.descriptor = pipe.writer.get();
    options.gather_time = std::chrono::hours(1);
    options.format = LogFormat::json;
    AccessLog log(options, metrics);
    log.write(a_request());
  }
  EXPECT_EQ(pipe.read_available(), format_access_line_json(a_request()) + "\n");
}

TEST(AccessLog, DropsAndCountsWhenNobodyReads) {
  const Pipe pipe;
  ASSERT_GT(::fcntl(pipe.writer.get(), F_SETPIPE_SZ, 4096), 0);
  Metrics metrics;
  const std::string line = format_access_line_combined(a_request()) + "\n";
  constexpr std::size_t kLines = 1000;
  {
    AccessLogOptions options;
    options.descriptor = pipe.writer.get();
    options.buffer_limit_bytes = 10 * line.size();
    options.stop_limit = std::chrono::milliseconds(1);
    AccessLog log(options, metrics);
    for (std::size_t i = 0; i < kLines; ++i) log.write(a_request());
  }
  const std::string out = pipe.read_available();
  const std::uint64_t dropped = metrics.counter("berth_access_log_dropped_total", "").value();
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(out.size() / line.size() + dropped, kLines);
  EXPECT_TRUE(out.starts_with(line));
}

TEST(AccessLog, OutlivesAClosedOutput) {
  Metrics metrics;
  AccessLogOptions options;
  const UniqueFd read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  options.descriptor = read_only.get();
  AccessLog log(options, metrics);
  log.write(a_request());
  log.flush();
  EXPECT_EQ(metrics.counter("berth_access_log_dropped_total", "").value(), 1U);
}

}  // namespace
}  // namespace berth
