#include "http/server_metrics.h"

namespace berth::http {
namespace {

Counter& timeouts(Metrics& metrics, const char* phase) {
  return metrics.counter("berth_http_timeouts_total", "Connections cut off because a time limit passed",
                         {{"phase", phase}});
}

Counter& floods(Metrics& metrics, const char* kind) {
  return metrics.counter("berth_http2_floods_total",
                         "HTTP/2 connections ended because the client did too much of what brings it nothing",
                         {{"kind", kind}});
}

}  // namespace

ServerMetrics::ServerMetrics(Metrics& metrics)
    : connections(metrics.gauge("berth_http_connections", "Open connections")),
      requests_in_flight(metrics.gauge("berth_http_requests_in_flight", "Requests being answered")),
      accepted(metrics.counter("berth_http_connections_accepted_total", "Connections accepted")),
      refused(metrics.counter("berth_http_connections_refused_total",
                              "Connections answered with 503 because the limit was reached")),
      accept_errors(metrics.counter("berth_http_accept_errors_total",
                                    "Connections that could not be accepted, for want of descriptors for example")),
      moved(metrics.counter("berth_http_connections_moved_total",
                            "Connections that went on on another loop, so that no more threads wake up than needed")),
      received_bytes(metrics.counter("berth_http_received_bytes_total", "Bytes received, heads and framing included")),
      sent_bytes(metrics.counter("berth_http_sent_bytes_total", "Bytes sent, heads and framing included")),
      bad_requests(metrics.counter("berth_http_bad_requests_total", "Requests refused before a handler saw them")),
      timeouts_handshake(timeouts(metrics, "handshake")),
      timeouts_header(timeouts(metrics, "header")),
      timeouts_idle(timeouts(metrics, "idle")),
      timeouts_body(timeouts(metrics, "body")),
      timeouts_write(timeouts(metrics, "write")),
      http2_connections(metrics.counter("berth_http2_connections_total", "Connections that speak HTTP/2")),
      http2_streams_refused(metrics.counter("berth_http2_streams_refused_total",
                                            "Requests refused because their connection had too many under way")),
      http2_floods_head(floods(metrics, "head")),
      http2_floods_resets(floods(metrics, "resets")),
      http2_floods_pings(floods(metrics, "pings")),
      http2_floods_settings(floods(metrics, "settings")),
      http2_floods_frames(floods(metrics, "frames")) {}

}  // namespace berth::http
