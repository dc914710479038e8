// LocalClient: asks a server of this machine over a unix socket, for the program's commands that a running Berth
// carries out. Blocking, one request a call, HTTP/1.0: small enough to need no Beast.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace berth {

struct LocalAnswer {
  int status = 0;
  std::string body;
};

struct LocalClientLimits {
  std::chrono::milliseconds time{30'000};  ///< without progress
  std::size_t answer_bytes = 16 * 1024 * 1024;
};

/// Nothing if nobody listens on `socket_path` (no file, or a stale one). Throws Failure(internal) if somebody does and
/// the exchange fails, is too slow or too large.
std::optional<LocalAnswer> ask_local_server(const std::string& socket_path, const std::string& method,
                                            const std::string& target, const LocalClientLimits& limits = {});
/// The same with a JSON body; an empty one is none.
std::optional<LocalAnswer> ask_local_server(const std::string& socket_path, const std::string& method,
                                            const std::string& target, const std::string& json,
                                            const LocalClientLimits& limits = {});

}  // namespace berth
