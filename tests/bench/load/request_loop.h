// The request loop: many kept-alive connections on one thread (or a few), each with one request under way. Lean enough
// that nginx, not the driver, is what is measured.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load/request_list.h"

namespace berth::bench {

enum class Order {
  random,  ///< until the time is over
  once,    ///< each request one time, in order
};

struct LoopOptions {
  std::string address;  ///< HOST:PORT
  bool is_encrypted = false;
  bool has_bodies = true;  ///< false for HEAD
  Order order = Order::random;
  std::size_t connection_count = 32;
  std::size_t thread_count = 1;
  double seconds = 3;
  /// Requests a second; 0: a connection's next one follows its last answer. With a rate the latency counts from the
  /// moment a request was due, so that a server which stalls does not thereby stop the clock.
  double rate = 0;
  /// Requests that follow each other in the list and make one unit of work on one connection (the parts of an image).
  std::size_t run_length = 1;
  std::uint64_t seed = 1;
  std::vector<pid_t> servers;  ///< whose CPU time is taken
};

struct LoopResult {
  double seconds = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;   ///< of bodies
  std::uint64_t failed = 0;  ///< other than 2xx, or of another length than expected
  std::string first_problem;
  double p50_ms = 0;
  double p99_ms = 0;
  double server_cpu_seconds = 0;
  double own_cpu_seconds = 0;
};

/// Connects first, then takes the time. Throws std::runtime_error when a connection breaks.
LoopResult run_requests(const RequestList& requests, const LoopOptions& options);

}  // namespace berth::bench
