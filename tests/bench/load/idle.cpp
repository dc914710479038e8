#include "tests/bench/load/idle.h"

#include <fmt/format.h>

#include <cstdio>
#include <deque>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include "tests/bench/load/connection.h"

namespace berth::bench {

std::size_t hold_idle_connections(const IdleOptions& options) {
  std::deque<Connection> connections;
  for (std::size_t i = 0; i < options.connection_count; ++i) {
    const Answer answer = connections.emplace_back(options.address).send("GET", options.target);
    if (answer.status != 200) throw std::runtime_error(fmt::format("{} answered {}", options.target, answer.status));
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);

  std::size_t answered = 0;
  for (Connection& connection : connections) {
    try {
      if (connection.is_open() && connection.send("GET", options.target).status == 200) ++answered;
    } catch (const std::exception&) {  // this one was closed: it does not count
    }
  }
  return answered;
}

}  // namespace berth::bench
