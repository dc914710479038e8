// Connections that were used once and then rest: what they cost a server.
#pragma once

#include <cstddef>
#include <string>

namespace berth::bench {

struct IdleOptions {
  std::string address;  ///< HOST:PORT
  std::string target = "/v2/";
  std::size_t connection_count = 10'000;
};

/// Opens the connections and asks each of them once. Says "ready" in a line of its own, and waits for a line of its
/// input; then asks each again and returns how many still answered. Throws std::runtime_error.
std::size_t hold_idle_connections(const IdleOptions& options);

}  // namespace berth::bench
