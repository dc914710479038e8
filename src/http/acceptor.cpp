#include "http/acceptor.h"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <string_view>
#include <utility>

#include "http/connection_io.h"
#include "http/http1_connection.h"
#include "http/plain_stream.h"
#include "http/tls_stream.h"

namespace berth::http {
namespace {

/// Refusals that may linger at a time, beside the limit of connections; those beyond are closed without a word.
constexpr std::size_t kRefusalsAtOnce = 64;

constexpr std::string_view kTooManyConnections =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";

std::string peer_address(Socket& socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) return "?";
  return peer.ss_family == AF_UNIX ? "unix" : address_text(&peer, size);
}

std::unique_ptr<LoopConnection> connection_of(ServerContext& server, Loop& loop, Socket socket) {
  const std::shared_ptr<const TlsContext> tls = server.tls();
  auto made = std::make_unique<LoopConnection>(&loop, nullptr, Peer{peer_address(socket), tls != nullptr});
  if (tls) {
    made->stream = std::make_unique<TlsStream>(std::move(socket), *tls, loop);
  } else {
    made->stream = make_plain_stream(std::move(socket));
  }
  return made;
}

Task<> refuse(ServerContext& server, Loop& loop, Socket socket, ConnectionSlot) {
  ConnectionIo io(make_plain_stream(std::move(socket)), loop, server.limits);
  const SendResult sent = co_await io.send(kTooManyConnections);
  if (sent == SendResult::sent) co_await io.linger(server.limits.drain_bytes, server.limits.drain_time);
}

/// What a connection's task may still throw (an access sink's failure, want of memory) ends that connection only.
class ReportFailure {
 public:
  explicit ReportFailure(Log& log) : log_(&log) {}
  void operator()(const std::exception_ptr& error) const {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& exception) {
      log_->error("a connection failed", {{"error", exception.what()}});
    } catch (...) {
      log_->error("a connection failed", {{"error", "unknown exception"}});
    }
  }

 private:
  Log* log_;
};

void go_on(ServerContext& server, std::unique_ptr<LoopConnection> connection, ConnectionSlot slot);

Task<> serve(ServerContext& server, Loop& loop, Socket socket, ConnectionSlot slot) {
  std::unique_ptr<LoopConnection> connection = connection_of(server, loop, std::move(socket));
  connection = co_await serve_http1(server, std::move(connection));
  if (connection) go_on(server, std::move(connection), std::move(slot));
}

Task<> serve_further(ServerContext& server, std::unique_ptr<LoopConnection> connection, ConnectionSlot slot) {
  connection = co_await serve_http1(server, std::move(connection));
  if (connection) go_on(server, std::move(connection), std::move(slot));
}

/// On the loop that the connection has moved to.
void go_on(ServerContext& server, std::unique_ptr<LoopConnection> connection, ConnectionSlot slot) {
  Loop& loop = *connection->loop;
  boost::asio::co_spawn(loop.context(), serve_further(server, std::move(connection), std::move(slot)),
                        ReportFailure(server.log));
}

}  // namespace

Acceptor::Acceptor(ServerContext& server, BoundListener listener, const std::vector<std::unique_ptr<Loop>>& loops,
                   std::size_t home)
    : server_(server),
      loops_(loops),
      home_(home),
      ended_(end_.get_future()),
      listener_(std::move(listener)),
      socket_(loops[home]->context()),
      next_loop_(home) {
  socket_.assign(boost::asio::generic::stream_protocol(listener_.family(), 0), listener_.take_socket().release());
}

void Acceptor::start() {
  boost::asio::co_spawn(loops_[home_]->context(), run(), [this](const std::exception_ptr& error) {
    ReportFailure{server_.log}(error);
    end_.set_value();
  });
}

Task<> Acceptor::run() {
  while (socket_.is_open()) {
    Loop& loop = *loops_[next_loop_];
    boost::system::error_code error;
    Socket socket =
        co_await socket_.async_accept(loop.context(), boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (!socket_.is_open()) co_return;
    if (error) {
      co_await pause_after(error);
      continue;
    }
    errors_in_a_row_ = 0;
    next_loop_ = (next_loop_ + 1) % loops_.size();
    take(loop, std::move(socket));
  }
}

void Acceptor::take(Loop& loop, Socket socket) {
  const std::size_t count = server_.connection_count();
  if (count < server_.limits.connection_count) {
    server_.metrics.accepted.add();
    boost::asio::co_spawn(loop.context(), serve(server_, loop, std::move(socket), ConnectionSlot(server_)),
                          ReportFailure(server_.log));
    return;
  }
  server_.metrics.refused.add();
  const bool is_plain = server_.tls() == nullptr;
  if (!is_plain || count >= server_.limits.connection_count + kRefusalsAtOnce) return;
  boost::asio::co_spawn(loop.context(), refuse(server_, loop, std::move(socket), ConnectionSlot(server_)),
                        ReportFailure(server_.log));
}

Task<> Acceptor::pause_after(const boost::system::error_code& error) {
  if (error == boost::asio::error::connection_aborted || error == boost::asio::error::operation_aborted) co_return;
  server_.metrics.accept_errors.add();
  // One line for a row of failures; the metric tells how many.
  if (errors_in_a_row_++ == 0) {
    server_.log.warn("cannot accept connections, trying again",
                     {{"address", listener_.address()}, {"error", error.message()}});
  }
  boost::asio::steady_timer timer(loops_[home_]->context(), std::chrono::milliseconds(100));
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

void Acceptor::stop() {
  listener_.remove_path();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace berth::http
