// Acceptor: takes connections off one listening socket and hands them to the loops in turn.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "http/listener.h"
#include "http/loop.h"
#include "http/server_context.h"
#include "http/stream.h"

namespace berth::http {

/// Threading: constructed and started before the loops run; stop() on the loop `home`.
class Acceptor {
 public:
  Acceptor(ServerContext& server, BoundListener listener, const std::vector<std::unique_ptr<Loop>>& loops,
           std::size_t home);

  /// Accepts until stop(). Want of descriptors or memory is waited out.
  void start();
  /// Closes the socket, so that the port is free again.
  void stop();
  /// Any thread but a loop's: waits until nothing of it runs any more, soon after stop().
  void wait_until_ended() const { ended_.wait(); }

  Loop& home() const { return *loops_[home_]; }
  const std::string& address() const { return listener_.address(); }

 private:
  Task<> run();
  Task<> pause_after(const boost::system::error_code& error);
  void take(Loop& loop, Socket socket);

  // Fixed after construction.
  ServerContext& server_;
  const std::vector<std::unique_ptr<Loop>>& loops_;
  const std::size_t home_;
  std::promise<void> end_;
  const std::shared_future<void> ended_;
  // Home loop only.
  BoundListener listener_;
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>
      socket_;
  std::size_t next_loop_;
  std::size_t errors_in_a_row_ = 0;
};

}  // namespace berth::http
