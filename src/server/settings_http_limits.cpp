#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

constexpr DurationBounds kAtLeastOneMillisecond{.minimum = milliseconds(1)};

/// `timeout: 30s` stands for all four of its keys.
SettingBinding all_timeouts(http::ServerLimits& limits) {
  SettingBinding binding = duration(limits.header_time, kAtLeastOneMillisecond);
  binding.read = [read = std::move(binding.read), &limits](const ConfigValue& value, SettingFaults& faults) {
    const std::size_t errors_before = faults.errors.size();
    read(value, faults);
    if (faults.errors.size() != errors_before) return;
    limits.body_stall_time = limits.header_time;
    limits.write_stall_time = limits.header_time;
    limits.idle_time = limits.header_time;
  };
  return binding;
}

}  // namespace

void describe_http_limits(SettingSection http, ServerConfig& config) {
  http::ServerLimits& server = config.http.limits;
  SettingSection timeout = http.section("timeout",
                                        "Berth's own. How long a connection may stand still: one duration for all, or "
                                        "a map. A transfer that goes on is never cut off by these.");
  timeout.also_scalar(all_timeouts(server));
  timeout.value("header", duration(server.header_time, kAtLeastOneMillisecond),
                "From a request's first byte to the end of its header.");
  timeout.value("read", duration(server.body_stall_time, kAtLeastOneMillisecond),
                "Without one byte of a request's body.");
  timeout.value("write", duration(server.write_stall_time, kAtLeastOneMillisecond),
                "Without the client taking one byte of an answer.");
  timeout.value("idle", duration(server.idle_time, kAtLeastOneMillisecond), "Between two requests of a connection.");

  SettingSection limits = http.section("limits", "Berth's own. What one connection, and all together, may use.");
  limits.value("connections", number(server.connection_count, 1), "Connections at a time; more wait or are closed.");
  limits.value("headersize", byte_count(server.header_bytes, 1024, 16 * 1024 * 1024),
               "Request line and header together; 431 above.");
  limits.value("targetsize", byte_count(server.target_bytes, 256, 1024 * 1024), "Path and query; 414 above.");
  limits.value("handshake", duration(server.tls_handshake_time, kAtLeastOneMillisecond), "Time for a TLS handshake.");
  limits.value("minimumrate", byte_count(server.minimum_bytes_per_second),
               "Bytes a second of a body, over `ratewindow`; slower is cut off. 0 is no minimum.");
  limits.value("ratewindow", duration(server.progress_window, {.minimum = std::chrono::seconds(1)}),
               "The time that `minimumrate` is measured over.");
  limits.value("drainsize", byte_count(server.drain_bytes),
               "Bytes of an unread body that are taken after a final answer.");
  limits.value("draintime", duration(server.drain_time), "Time for that.");
  limits.value("requests", number(server.requests_per_connection, 1),
               "Requests of one connection before it is closed.");
}

void describe_http2_limits(SettingSection http2, ServerConfig& config) {
  http::Http2Limits& limits = config.http.limits.http2;
  constexpr std::int64_t kLargestWindow = 1024 * 1024 * 1024;
  http2.value("maxstreams", number(limits.stream_count, 1, 100'000),
              "Berth's own. Requests under way at a time on one connection; more are refused, to be asked again.");
  http2.value("headerlistsize", byte_count(limits.header_list_bytes, 0, 16 * 1024 * 1024),
              "Berth's own. Header fields of a request together, as RFC 9113 counts them; 431 above. 0 is "
              "`limits.headersize`.");
  http2.value("resets", number(limits.reset_burst, 1),
              "Berth's own. Requests that a client may break off in a row, or in 30 s; its connection ends above.");
  http2.value("pings", number(limits.ping_burst, 1), "Berth's own. PINGs in a row, or in 30 s.");
  http2.value("settings", number(limits.settings_burst, 1),
              "Berth's own. Changes of its settings in a row, or in 30 s.");
  http2.value("idleframes", number(limits.idle_frame_burst, 100),
              "Berth's own. Empty DATA and WINDOW_UPDATE frames in a row, or in 30 s, beyond what answers call for.");
  http2.value("streamwindow", byte_count(limits.stream_window_bytes, 65'535, kLargestWindow),
              "Berth's own. Bytes of one upload that may arrive before they are stored: what is in flight.");
  http2.value("connectionwindow", byte_count(limits.connection_window_bytes, 65'535, kLargestWindow),
              "Berth's own. The same of all uploads of one connection together.");
}

}  // namespace berth
