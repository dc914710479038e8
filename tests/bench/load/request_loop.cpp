#include "tests/bench/load/request_loop.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <deque>
#include <exception>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "base/unique_fd.h"
#include "tests/bench/load/answer_scanner.h"
#include "tests/bench/load/process_clock.h"
#include "tests/bench/load/stream.h"

namespace berth::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

/// Longer rests of a body are dropped in the kernel.
constexpr std::uint64_t kLargeBodyBytes = 128 * 1024;

SteadyClock::duration from_seconds(double seconds) {
  return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
}

struct Client {
  Client(const std::string& address, SSL_CTX* tls) : stream(address, tls) {}

  Stream stream;
  AnswerScanner scanner;
  std::size_t next_request = 0;
  std::size_t left_of_run = 0;
  TimePoint since;  ///< when its request was sent, or due
};

/// What the loops of one run share.
struct Work {
  const RequestList& requests;
  const LoopOptions& options;
  std::atomic<std::size_t> next_once{0};
};

/// One thread's connections.
class Loop {
 public:
  Loop(Work& work, std::size_t connection_count, std::uint64_t seed, SSL_CTX* tls);

  void run(TimePoint start, TimePoint end);

  LoopResult result;
  std::vector<float> latencies_ms;

 private:
  bool choose_request(Client& client);
  void send_next(Client& client, TimePoint since);
  void send_what_is_due(TimePoint now);
  void on_readable(Client& client);
  void finish(Client& client);
  timespec time_to_wait(TimePoint now, TimePoint end) const;

  // Fixed after construction.
  Work& work_;
  const bool has_rate_;
  SteadyClock::duration interval_{};
  UniqueFd events_;
  std::vector<std::unique_ptr<Client>> clients_;
  // Change while it runs.
  std::minstd_rand random_;
  std::size_t busy_count_ = 0;
  std::deque<Client*> idle_;  ///< with a rate only
  TimePoint due_;
  std::array<char, 256 * 1024> buffer_;
};

Loop::Loop(Work& work, std::size_t connection_count, std::uint64_t seed, SSL_CTX* tls)
    : work_(work),
      has_rate_(work.options.rate > 0),
      events_(::epoll_create1(EPOLL_CLOEXEC)),
      random_(static_cast<std::minstd_rand::result_type>(seed)) {
  if (has_rate_) interval_ = from_seconds(static_cast<double>(work.options.thread_count) / work.options.rate);
  for (std::size_t i = 0; i < connection_count; ++i) {
    Client& client = *clients_.emplace_back(std::make_unique<Client>(work.options.address, tls));
    epoll_event interest = {};
    interest.events = EPOLLIN;
    interest.data.ptr = &client;
    if (::epoll_ctl(events_.get(), EPOLL_CTL_ADD, client.stream.fd(), &interest) != 0) {
      throw std::runtime_error(fmt::format("epoll_ctl: errno {}", errno));
    }
  }
  latencies_ms.reserve(1 << 20);
}

void Loop::run(TimePoint start, TimePoint end) {
  due_ = start;
  for (const auto& client : clients_) {
    if (has_rate_) {
      idle_.push_back(client.get());
    } else {
      send_next(*client, start);
    }
  }
  std::array<epoll_event, 256> ready;
  for (TimePoint now = SteadyClock::now(); now < end; now = SteadyClock::now()) {
    if (has_rate_) {
      send_what_is_due(now);
    } else if (busy_count_ == 0) {
      break;
    }
    const timespec wait = time_to_wait(now, end);
    const int count = ::epoll_pwait2(events_.get(), ready.data(), static_cast<int>(ready.size()), &wait, nullptr);
    if (count < 0 && errno != EINTR) throw std::runtime_error(fmt::format("epoll_pwait2: errno {}", errno));
    for (int i = 0; i < count; ++i) on_readable(*static_cast<Client*>(ready[static_cast<std::size_t>(i)].data.ptr));
  }
  for (const auto& client : clients_) result.bytes += client->scanner.body_bytes_seen();
}

bool Loop::choose_request(Client& client) {
  if (client.left_of_run > 0) {
    ++client.next_request;
    --client.left_of_run;
    return true;
  }
  const std::size_t run_count = work_.requests.size() / work_.options.run_length;
  std::size_t run = 0;
  if (work_.options.order == Order::random) {
    run = std::uniform_int_distribution<std::size_t>(0, run_count - 1)(random_);
  } else {
    run = work_.next_once.fetch_add(1, std::memory_order_relaxed);
    if (run >= run_count) return false;
  }
  client.next_request = run * work_.options.run_length;
  client.left_of_run = work_.options.run_length - 1;
  return true;
}

void Loop::send_next(Client& client, TimePoint since) {
  if (!choose_request(client)) return;
  const Request request = work_.requests[client.next_request];
  client.since = since;
  client.scanner.expect(request.answer_body_bytes, work_.options.has_bodies);
  client.stream.send(request.bytes);
  ++busy_count_;
}

void Loop::send_what_is_due(TimePoint now) {
  while (due_ <= now && !idle_.empty()) {
    Client& client = *idle_.front();
    idle_.pop_front();
    send_next(client, due_);
    due_ += interval_;
  }
}

void Loop::on_readable(Client& client) {
  while (true) {
    const std::uint64_t left = client.scanner.is_in_body() ? client.scanner.body_bytes_left() : 0;
    const bool is_dropped = left > kLargeBodyBytes && !client.stream.is_encrypted();
    const std::size_t count = is_dropped ? client.stream.drop(left) : client.stream.receive(buffer_);
    if (count == 0) return;
    if (is_dropped ? client.scanner.skip(count) : client.scanner.take({buffer_.data(), count})) break;
    // The socket says again when there is more; what OpenSSL has read already, nobody announces.
    if (!client.stream.is_encrypted()) return;
  }
  finish(client);
}

void Loop::finish(Client& client) {
  const TimePoint now = SteadyClock::now();
  --busy_count_;
  ++result.requests;
  if (!client.scanner.is_as_expected()) {
    ++result.failed;
    if (result.first_problem.empty()) result.first_problem = client.scanner.bad_head();
  }
  latencies_ms.push_back(std::chrono::duration<float, std::milli>(now - client.since).count());
  if (has_rate_) {
    idle_.push_back(&client);
  } else {
    send_next(client, now);
  }
}

timespec Loop::time_to_wait(TimePoint now, TimePoint end) const {
  const TimePoint until = has_rate_ && !idle_.empty() ? std::min(due_, end) : end;
  const auto wait =
      std::max(std::chrono::duration_cast<std::chrono::nanoseconds>(until - now), std::chrono::nanoseconds(0));
  return {.tv_sec = wait.count() / 1'000'000'000, .tv_nsec = wait.count() % 1'000'000'000};
}

double percentile(std::vector<float>& values, std::size_t percent) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) * percent / 100);
  std::nth_element(values.begin(), at, values.end());
  return static_cast<double>(*at);
}

void run_threads(std::vector<std::unique_ptr<Loop>>& loops, TimePoint start, TimePoint end) {
  std::vector<std::exception_ptr> problems(loops.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    threads.emplace_back([&loop = *loops[i], &problem = problems[i], start, end] {
      try {
        loop.run(start, end);
      } catch (...) {
        problem = std::current_exception();
      }
    });
  }
  threads.clear();
  for (const std::exception_ptr& problem : problems) {
    if (problem) std::rethrow_exception(problem);
  }
}

}  // namespace

LoopResult run_requests(const RequestList& requests, const LoopOptions& options) {
  if (requests.size() < options.run_length) throw std::runtime_error("fewer requests than one run has");
  const TlsContext tls = options.is_encrypted ? make_tls_context() : TlsContext();
  Work work{requests, options};
  std::vector<std::unique_ptr<Loop>> loops;
  for (std::size_t i = 0; i < options.thread_count; ++i) {
    const std::size_t connections =
        options.connection_count / options.thread_count + (i < options.connection_count % options.thread_count ? 1 : 0);
    loops.push_back(std::make_unique<Loop>(work, connections, options.seed * 1'000'003 + i, tls.get()));
  }

  const CpuWindow cpu(options.servers);
  const TimePoint start = SteadyClock::now();
  run_threads(loops, start, start + from_seconds(options.seconds));
  LoopResult result;
  result.seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
  result.server_cpu_seconds = cpu.server_seconds();
  result.own_cpu_seconds = cpu.own_seconds();

  std::vector<float> latencies_ms;
  for (const auto& loop : loops) {
    result.requests += loop->result.requests;
    result.bytes += loop->result.bytes;
    result.failed += loop->result.failed;
    if (result.first_problem.empty()) result.first_problem = loop->result.first_problem;
    latencies_ms.insert(latencies_ms.end(), loop->latencies_ms.begin(), loop->latencies_ms.end());
  }
  result.p50_ms = percentile(latencies_ms, 50);
  result.p99_ms = percentile(latencies_ms, 99);
  return result;
}

}  // namespace berth::bench
