#include "server/build_http.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

namespace berth {

namespace {

std::size_t loop_count_of(const HttpConfig& config) {
  if (config.loop_count > 0) return config.loop_count;
  return std::max(1U, std::thread::hardware_concurrency());
}

http::ListenAddress listen_address_of(const ListenerConfig& listener) {
  return {.address = listener.address, .is_unix = listener.network == ListenNetwork::unix_socket, .inherited = {}};
}

std::string_view protocol_name(const http::AccessRecord& record) {
  if (record.http_major == 2) return "HTTP/2.0";
  return record.http_minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

void write_line(AccessLog& log, const Clock& clock, const http::AccessRecord& record) {
  AccessLine line;
  line.started = clock.now() - record.duration;
  line.remote_address = record.peer_address;
  line.user = record.user;
  line.method = record.method;
  line.target = record.target;
  line.protocol = protocol_name(record);
  line.status = record.status;
  line.sent_bytes = record.body_bytes;
  line.referer = record.referer;
  line.user_agent = record.user_agent;
  line.host = record.host;
  line.request_id = record.request_id;
  line.received_bytes = record.request_body_bytes;
  line.duration = record.duration;
  line.is_complete = record.is_complete;
  log.write(line);
}

}  // namespace

http::ServerOptions build_public_options(const HttpConfig& config, std::vector<UniqueFd> inherited) {
  http::ServerOptions options;
  options.limits = config.limits;
  options.loop_count = loop_count_of(config);
  if (config.gathers) {
    options.balance = std::make_shared<http::GatheringBalance>(options.loop_count, &http::machine_idle_time);
  }
  if (config.tls.is_enabled()) {
    options.tls = config.tls.options();
    options.tls->offers_http2 = !config.is_http2_disabled;
  }
  options.speaks_h2c = config.is_h2c_enabled && !config.tls.is_enabled();
  for (UniqueFd& socket : inherited) {
    const std::string name = fmt::format("inherited socket {}", socket.get());
    options.listeners.push_back(
        {.address = name, .is_unix = false, .inherited = std::make_shared<UniqueFd>(std::move(socket))});
  }
  if (!options.listeners.empty()) return options;
  for (const ListenerConfig& listener : config.listen_addresses()) {
    options.listeners.push_back(listen_address_of(listener));
  }
  return options;
}

http::ServerOptions build_debug_options(const HttpConfig& config) {
  http::ServerOptions options;
  options.limits = config.limits;
  options.loop_count = 1;
  options.listeners.push_back({.address = config.debug.address, .is_unix = false, .inherited = {}});
  return options;
}

http::AccessSink build_access_sink(AccessLog* log, const Clock& clock) {
  if (log == nullptr) return {};  // then no line is even made
  return [log, &clock](const http::AccessRecord& record) { write_line(*log, clock, record); };
}

}  // namespace berth
