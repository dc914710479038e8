#include "tests/bench/heads.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "tests/bench/connection.h"

namespace berth::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Client {
  UniqueFd socket;
  std::string received;
  SteadyClock::time_point sent_at;
};

void send_request(Client& client, const std::string& request) {
  client.sent_at = SteadyClock::now();
  const ssize_t sent = ::send(client.socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) throw std::runtime_error(fmt::format("send: errno {}", errno));
}

/// Reads what is there; true when a whole answer has come, which is then dropped.
bool read_answer(Client& client, HeadResult& result) {
  std::array<char, 8192> buffer;
  const ssize_t count = ::recv(client.socket.get(), buffer.data(), buffer.size(), 0);
  if (count <= 0) throw std::runtime_error("the server closed a connection");
  client.received.append(buffer.data(), static_cast<std::size_t>(count));
  if (!client.received.ends_with("\r\n\r\n")) return false;
  ++result.requests;
  if (!client.received.starts_with("HTTP/1.1 200")) ++result.failed;
  client.received.clear();
  return true;
}

}  // namespace

HeadResult run_heads(const HeadOptions& options) {
  const std::string request = fmt::format("HEAD {} HTTP/1.1\r\nHost: {}\r\nAccept: {}\r\n\r\n", options.target,
                                          options.address, options.accept);
  const UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<Client> clients(options.connection_count);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i].socket = connect_to(options.address);
    epoll_event interest = {};
    interest.events = EPOLLIN;
    interest.data.u64 = i;
    ::epoll_ctl(events.get(), EPOLL_CTL_ADD, clients[i].socket.get(), &interest);
  }

  HeadResult result;
  std::vector<float> latencies_ms;
  const auto started = SteadyClock::now();
  const auto end =
      started + std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(options.seconds));
  for (Client& client : clients) send_request(client, request);
  std::array<epoll_event, 256> ready;
  while (SteadyClock::now() < end) {
    const int count = ::epoll_wait(events.get(), ready.data(), static_cast<int>(ready.size()), 100);
    for (int i = 0; i < count; ++i) {
      Client& client = clients[ready[static_cast<std::size_t>(i)].data.u64];
      if (!read_answer(client, result)) continue;
      latencies_ms.push_back(std::chrono::duration<float, std::milli>(SteadyClock::now() - client.sent_at).count());
      send_request(client, request);
    }
  }
  result.seconds = std::chrono::duration<double>(SteadyClock::now() - started).count();
  if (!latencies_ms.empty()) {
    const auto p99 = latencies_ms.begin() + static_cast<std::ptrdiff_t>(latencies_ms.size() * 99 / 100);
    std::nth_element(latencies_ms.begin(), p99, latencies_ms.end());
    result.p99_ms = static_cast<double>(*p99);
  }
  return result;
}

}  // namespace berth::bench
