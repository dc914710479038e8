#include "http/server.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "http/acceptor.h"
#include "http/listener.h"
#include "http/loop.h"
#include "http/server_context.h"
#include "http/tls_context.h"

namespace berth::http {
namespace {

using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

/// A handler may be waiting for a disk when its connection is cut; it ends soon after.
constexpr std::chrono::milliseconds kTimeToEndAfterCut{1000};

void run_loop(Loop& loop, Log& log) {
  // OpenSSL and sendfile write without MSG_NOSIGNAL; a peer that went away is an error value, not a signal.
  sigset_t broken_pipe;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  for (;;) {
    try {
      loop.context().run();
      return;
    } catch (const std::exception& error) {
      log.error("work on a loop failed", {{"error", error.what()}});
    } catch (...) {
      log.error("work on a loop failed", {{"error", "unknown exception"}});
    }
  }
}

}  // namespace

struct Server::State {
  State(ServerOptions given, Handler handler, QuickHandler quick, AccessSink access, Log& log, Metrics& metrics)
      : options(std::move(given)),
        registry(metrics),
        context(options.limits, std::move(handler), std::move(quick), std::move(access), log, metrics) {
    context.speaks_h2c = options.speaks_h2c;
    const std::size_t count = options.loop_count > 0 ? options.loop_count : std::thread::hardware_concurrency();
    for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
      loops.push_back(std::make_unique<Loop>(context.entropy, context.metrics));
      guards.emplace_back(loops.back()->context().get_executor());
    }
    if (!options.balance || loops.size() == 1) return;
    for (std::size_t i = 0; i < loops.size(); ++i) loops[i]->join(*options.balance, loops, i);
  }

  /// Runs `work` on the loop's thread and waits for it.
  template <class Work>
  void run_on(Loop& loop, Work work) {
    std::promise<void> done;
    boost::asio::post(loop.context(), [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  void stop_accepting() {
    for (const auto& acceptor : acceptors) {
      run_on(acceptor->home(), [&acceptor] { acceptor->stop(); });
      // It holds a socket of another loop, so none may go before it has ended.
      acceptor->wait_until_ended();
    }
  }

  void cut() {
    for (const auto& loop : loops) {
      run_on(*loop, [&loop] { loop->cut_members(); });
    }
  }

  // Fixed after start().
  ServerOptions options;
  Metrics& registry;
  ServerContext context;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<WorkGuard> guards;
  std::vector<std::unique_ptr<Acceptor>> acceptors;
  std::vector<std::string> addresses;
  std::vector<std::thread> threads;
  std::vector<clockid_t> thread_clocks;
};

Server::Server(ServerOptions options, Handler handler, AccessSink access, Log& log, Metrics& metrics,
               QuickHandler quick)
    : state_(std::make_unique<State>(std::move(options), std::move(handler), std::move(quick), std::move(access), log,
                                     metrics)) {}

Server::~Server() {
  State& state = *state_;
  if (!state.threads.empty()) {
    drain(std::chrono::milliseconds(0));
    // Their handlers may be waiting for another thread that writes into their frames, so there is no going on before.
    state.context.wait_until_idle();
  }
  state.guards.clear();
  for (const auto& loop : state.loops) loop->context().stop();
  for (std::thread& thread : state.threads) thread.join();
  state.acceptors.clear();
}

void Server::start() {
  State& state = *state_;
  if (state.options.tls) reload_tls();
  std::vector<BoundListener> listeners;
  listeners.reserve(state.options.listeners.size());
  for (const ListenAddress& address : state.options.listeners) listeners.push_back(BoundListener::open(address));
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    state.addresses.push_back(listeners[i].address());
    state.acceptors.push_back(
        std::make_unique<Acceptor>(state.context, std::move(listeners[i]), state.loops, i % state.loops.size()));
  }
  for (const auto& acceptor : state.acceptors) acceptor->start();
  for (std::size_t i = 0; i < state.loops.size(); ++i) {
    state.threads.emplace_back(run_loop, std::ref(*state.loops[i]), std::ref(state.context.log));
    ::pthread_setname_np(state.threads.back().native_handle(), ("http-" + std::to_string(i)).c_str());
    clockid_t clock = 0;
    if (::pthread_getcpuclockid(state.threads.back().native_handle(), &clock) == 0) {
      state.thread_clocks.push_back(clock);
    }
  }
}

std::vector<std::string> Server::bound_addresses() const {
  return state_->addresses;
}

boost::asio::any_io_executor Server::executor(std::size_t index) const {
  return state_->loops.at(index)->context().get_executor();
}

std::chrono::nanoseconds Server::busy_time() const {
  std::chrono::nanoseconds sum{0};
  for (const clockid_t clock : state_->thread_clocks) {
    timespec time{};
    if (::clock_gettime(clock, &time) != 0) continue;  // the thread has ended
    sum += std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
  return sum;
}

void Server::reload_tls() {
  State& state = *state_;
  if (!state.options.tls) return;
  std::shared_ptr<const TlsContext> fresh =
      TlsContext::load(*state.options.tls, SystemClock().now(), state.context.log);
  for (const CertificateFacts& certificate : fresh->certificates()) {
    state.registry
        .gauge("berth_tls_certificate_expiry_timestamp_seconds",
               "When the certificate in use expires, in seconds since 1970.", {{"file", certificate.file}})
        .set(std::chrono::duration_cast<std::chrono::seconds>(certificate.expires.time_since_epoch()).count());
  }
  state.context.set_tls(std::move(fresh));
}

void Server::warn_of_expiry() const {
  const std::shared_ptr<const TlsContext> tls = state_->context.tls();
  if (tls) tls->warn_of_expiry(SystemClock().now(), state_->context.log);
}

bool Server::drain(std::chrono::milliseconds limit) {
  State& state = *state_;
  if (state.threads.empty()) return true;
  state.context.start_draining();
  state.stop_accepting();
  for (const auto& loop : state.loops) {
    state.run_on(*loop, [&loop] { loop->drain_members(); });
  }
  if (state.context.wait_until_idle(limit)) return true;
  state.cut();
  state.context.wait_until_idle(kTimeToEndAfterCut);
  return false;
}

}  // namespace berth::http
