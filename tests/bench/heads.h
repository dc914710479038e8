// HEAD requests over many kept-alive connections from one thread. wrk cannot do it: it waits for the body that
// Content-Length speaks of and that a HEAD answer never has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace berth::bench {

struct HeadOptions {
  std::string address;  ///< HOST:PORT
  std::string target;
  std::string accept = "*/*";
  std::size_t connection_count = 32;
  double seconds = 3;
};

struct HeadResult {
  double seconds = 0;
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;  ///< other than 200
  double p99_ms = 0;
};

/// Throws std::runtime_error when a connection fails.
HeadResult run_heads(const HeadOptions& options);

}  // namespace berth::bench
