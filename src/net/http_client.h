// HttpClient: requests to other servers over HTTP/1.1, plain or TLS. Connections are kept for the next request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/byte_reader.h"
#include "async/task.h"
#include "net/headers.h"
#include "net/url.h"

namespace berth {

struct HttpClientOptions {
  std::chrono::milliseconds connect_limit{10'000};  ///< name, connection and TLS
  std::chrono::milliseconds silence_limit{60'000};  ///< between two bytes
  std::uint32_t head_bytes = 64 * 1024;             ///< of an answer
  std::size_t kept_connections = 16;                ///< idle ones, of all servers
  bool is_verifying = true;                         ///< whether a server must prove its name
  std::string ca_file = {};                         ///< in addition to the system's; empty: none
  std::string user_agent = "berth/" BERTH_VERSION;
};

struct OutboundRequest {
  std::string method = "GET";
  Url url;
  Headers headers = {};
};

struct OutboundResponse {
  unsigned status = 0;
  Headers headers = {};
  std::optional<std::uint64_t> length_bytes = {};
  /// Whoever reads it to its end gives the connection back. Reads throw Failure(interrupted).
  std::unique_ptr<ByteReader> body;
};

/// Threading: one loop. Failures: throws Failure(interrupted) with one line that names the server.
/// Lifetime:  outlives its answers' bodies.
class HttpClient {
 public:
  /// Throws Failure(internal) if the certificates cannot be read.
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The answer's head, whatever its status is; redirects are the caller's. A connection that the server has closed
  /// meanwhile is tried anew.
  Task<OutboundResponse> send(OutboundRequest request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All of a body, at most so many bytes: Failure(interrupted) if there are more.
Task<std::string> read_whole(ByteReader& body, std::size_t limit_bytes);

}  // namespace berth
