// Connection: a small blocking HTTP/1.1 client, so that the load driver costs next to nothing beside the server it
// measures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"

namespace berth::bench {

struct Answer {
  unsigned status = 0;
  std::string location;  ///< path and query only
  std::uint64_t body_bytes = 0;
};

/// A connected TCP socket to HOST:PORT (an IPv4 address) without Nagle's delay. Throws std::runtime_error.
UniqueFd connect_to(const std::string& address);

/// One kept-alive connection to HOST:PORT ; connects when needed. Throws std::runtime_error when the
/// server breaks off or answers something that is not HTTP.
///
/// Threading: one caller at a time.
class Connection {
 public:
  explicit Connection(std::string address) : address_(std::move(address)) {}

  /// `head_fields` are complete lines, each with its "\r\n". Content-Length is added for PUT, POST and PATCH.
  Answer send(std::string_view method, std::string_view target, std::string_view head_fields = {},
              std::string_view body = {});

  bool is_open() const { return socket_.is_open(); }

 private:
  void write_all(std::string_view first, std::string_view second);
  Answer read_answer(bool has_body);

  std::string address_;
  UniqueFd socket_;
  std::string received_;
};

}  // namespace berth::bench
