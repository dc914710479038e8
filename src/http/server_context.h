// What every connection of a server shares.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

#include "base/entropy.h"
#include "http/quick_answer.h"
#include "http/server.h"
#include "http/server_metrics.h"
#include "http/tls_context.h"

namespace berth::http {

/// Threading: any thread. Lifetime: longer than the loops.
class ServerContext {
 public:
  ServerContext(ServerLimits server_limits, Handler request_handler, QuickHandler quick_handler, AccessSink access_sink,
                Log& server_log, Metrics& registry);

  // Fixed after construction.
  const ServerLimits limits;
  const Handler handler;
  const QuickHandler quick;  ///< asked first, if there is one
  const AccessSink access;
  Log& log;
  ServerMetrics metrics;
  SystemEntropy entropy;

  /// Set before the loops run, if at all.
  bool speaks_h2c = false;

  bool is_draining() const { return is_draining_.load(std::memory_order_relaxed); }
  void start_draining() { is_draining_.store(true, std::memory_order_relaxed); }

  /// Null while the server speaks plain HTTP.
  std::shared_ptr<const TlsContext> tls() const;
  void set_tls(std::shared_ptr<const TlsContext> context);

  /// Connections, and refusals that linger: all that runs on the loops on a client's behalf.
  std::size_t connection_count() const { return connection_count_.load(std::memory_order_relaxed); }
  /// True if none was left within `limit`; without a limit it waits as long as it takes.
  bool wait_until_idle(std::chrono::milliseconds limit);
  void wait_until_idle();

 private:
  friend class ConnectionSlot;
  void enter();
  void leave();

  std::atomic<bool> is_draining_{false};
  std::atomic<std::size_t> connection_count_{0};
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::shared_ptr<const TlsContext> tls_;  ///< guarded by mutex_
};

/// Counts one connection for as long as it lives.
class ConnectionSlot {
 public:
  explicit ConnectionSlot(ServerContext& server) : server_(&server) { server.enter(); }
  ~ConnectionSlot() {
    if (server_ != nullptr) server_->leave();
  }
  ConnectionSlot(ConnectionSlot&& other) noexcept : server_(other.server_) { other.server_ = nullptr; }
  ConnectionSlot& operator=(ConnectionSlot&&) = delete;

 private:
  ServerContext* server_;
};

}  // namespace berth::http
