// AccessLog: one line a request, for log analysers: Apache's combined format (as Distribution writes it) or JSON.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace berth {

/// What is known of a request when its answer is out. Views need to live only for the call.
struct AccessLine {
  WallTime started = {};
  std::string_view remote_address;  ///< "10.0.0.1:4711", "[::1]:4711" or "unix"; the port is not shown
  std::string_view user;            ///< empty is "-"
  std::string_view method;
  std::string_view target;    ///< as it came
  std::string_view protocol;  ///< "HTTP/1.1"
  unsigned status = 0;
  std::uint64_t sent_bytes = 0;  ///< of the body
  std::string_view referer;
  std::string_view user_agent;
  // Only in JSON: the combined format has no place for them.
  std::string_view host;
  std::string_view request_id;
  std::uint64_t received_bytes = 0;
  std::chrono::microseconds duration{0};
  bool is_complete = true;  ///< false: the answer was broken off
};

/// Without the line end:
///   10.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /v2/ HTTP/1.1" 200 2 "" "docker/20.10"
std::string format_access_line_combined(const AccessLine& line);
/// One JSON object with Distribution's field names (http.request.method, http.response.status, ...).
std::string format_access_line_json(const AccessLine& line);

struct AccessLogOptions {
  LogFormat format = LogFormat::text;  ///< text is the combined format, json and logstash the JSON form
  int descriptor = 1;                  ///< written to, never closed
  std::size_t buffer_limit_bytes = 1024 * 1024;
  std::chrono::milliseconds gather_time{10};   ///< lines of this long go out in one write
  std::chrono::milliseconds stop_limit{1000};  ///< for the rest, when the log is destroyed
};

/// Threading: write() from any thread; it copies the line under a short lock and never waits for the output, which a
///            thread of its own writes. If the output stands still (a full pipe), lines beyond the buffer are dropped
///            and counted in berth_access_log_dropped_total.
/// Lifetime:  the destructor writes what is buffered, for at most stop_limit.
/// Crash:     the lines of the last gather_time are lost.
class AccessLog {
 public:
  AccessLog(AccessLogOptions options, Metrics& metrics);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void write(const AccessLine& line);

  /// Waits until everything written before is out; for tests and before an orderly exit.
  void flush();

 private:
  void run();
  /// What could not be written: the output is broken or stood still past stop_limit.
  std::string_view write_out(std::string_view text);
  /// Counts the lines that end in `text`; one that was written in part is lost, too.
  void count_dropped(std::string_view text);
  bool is_past_stop_limit();

  // Fixed after construction.
  const AccessLogOptions options_;
  std::size_t chunk_size_bytes_;
  Counter& dropped_;
  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable drained_;
  std::string buffer_;
  bool is_writing_ = false;
  bool is_stopping_ = false;
  MonotonicTime stop_deadline_ = {};
  // Last: starts when all of the above is there.
  std::thread writer_;
};

}  // namespace berth
