// What the servers of one program count, looked up once. Servers that share a Metrics share the figures.
#pragma once

#include "observe/metrics.h"

namespace berth::http {

struct ServerMetrics {
  explicit ServerMetrics(Metrics& metrics);

  Gauge& connections;
  Gauge& requests_in_flight;
  Counter& accepted;
  Counter& refused;
  Counter& accept_errors;
  Counter& moved;
  Counter& received_bytes;
  Counter& sent_bytes;
  Counter& bad_requests;
  Counter& timeouts_handshake;
  Counter& timeouts_header;
  Counter& timeouts_idle;
  Counter& timeouts_body;
  Counter& timeouts_write;
  Counter& http2_connections;
  Counter& http2_streams_refused;
  Counter& http2_floods_head;
  Counter& http2_floods_resets;
  Counter& http2_floods_pings;
  Counter& http2_floods_settings;
  Counter& http2_floods_frames;
};

}  // namespace berth::http
