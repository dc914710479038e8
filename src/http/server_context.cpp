#include "http/server_context.h"

#include <utility>

namespace berth::http {

ServerContext::ServerContext(ServerLimits server_limits, Handler request_handler, QuickHandler quick_handler,
                             AccessSink access_sink, Log& server_log, Metrics& registry)
    : limits(server_limits),
      handler(std::move(request_handler)),
      quick(std::move(quick_handler)),
      access(std::move(access_sink)),
      log(server_log),
      metrics(registry) {}

std::shared_ptr<const TlsContext> ServerContext::tls() const {
  const std::lock_guard lock(mutex_);
  return tls_;
}

void ServerContext::set_tls(std::shared_ptr<const TlsContext> context) {
  const std::lock_guard lock(mutex_);
  tls_ = std::move(context);
}

bool ServerContext::wait_until_idle(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, limit, [this] { return connection_count_.load() == 0; });
}

void ServerContext::wait_until_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return connection_count_.load() == 0; });
}

void ServerContext::enter() {
  connection_count_.fetch_add(1);
  metrics.connections.add(1);
}

void ServerContext::leave() {
  metrics.connections.add(-1);
  // Under the lock, so that the waiter cannot see zero, return and destroy this before the notification is out.
  const std::lock_guard lock(mutex_);
  if (connection_count_.fetch_sub(1) == 1) idle_.notify_all();
}

}  // namespace berth::http
