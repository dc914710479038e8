// One HTTP/1 connection, from its first byte to its last, or to where HTTP/2 begins.
#pragma once

#include <memory>
#include <string>

#include "http/http1_head.h"
#include "http/loop.h"
#include "http/response.h"
#include "http/server_context.h"
#include "http/stream.h"

namespace berth::http {

/// Who is at the other end, and how.
struct Peer {
  std::string address;  ///< "127.0.0.1:4711" or "unix"
  bool is_tls = false;
  std::shared_ptr<const PeerCertificate> certificate = {};  ///< known after the handshake
};

/// A connection and the loop that it is on.
struct LoopConnection {
  Loop* loop;
  std::unique_ptr<Stream> stream;
  Peer peer;
  std::size_t request_count = 0;  ///< that it had; after the first there is no handshake any more
};

/// Reads requests, has them answered one after the other, and ends when either side has had enough.
/// The handshake, if the stream has one, comes first; a client that speaks HTTP/2 then gets it. `server` and the loop
/// outlive the task. Not null if the connection shall go on on another loop, where it is to be served anew.
Task<std::unique_ptr<LoopConnection>> serve_http1(ServerContext& server, std::unique_ptr<LoopConnection> connection);

}  // namespace berth::http
