// One HTTP/2 connection, from where HTTP/1 or the TLS handshake leaves it to its last byte.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/http1_connection.h"
#include "http/loop.h"
#include "http/request.h"
#include "http/server_context.h"
#include "http/stream.h"

namespace berth::http {

/// What has happened on the connection before.
struct Http2Start {
  /// Bytes of HTTP/2 that have been received already, from the client's preface on.
  std::string received = {};
  /// The request that asked for "Upgrade: h2c" and was answered 101: it becomes the first stream.
  struct Upgrade {
    std::string settings;  ///< of HTTP2-Settings, decoded
    Request request;       ///< without a body
  };
  std::optional<Upgrade> upgrade = {};
};

/// Reads requests and has them answered side by side, until either side has had enough.
/// `server` and `loop` outlive the task.
Task<> serve_http2(ServerContext& server, Loop& loop, std::unique_ptr<Stream> stream, Peer peer, Http2Start start);

}  // namespace berth::http
