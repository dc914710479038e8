// WatchedSocket: a socket of a loop that can tell of bytes again and again without a system call for each wait.
#pragma once

#include <boost/asio/detail/reactor.hpp>
#include <utility>

#include "async/task.h"
#include "http/stream.h"

namespace berth::http {

/// Asio's own wait asks the kernel with epoll_ctl(2), each time, whether there are bytes already. The descriptor is
/// registered edge-triggered, though: after a read that found no more, the next byte is a new event, and an event that
/// met no wait is noted. So nothing need be asked. Asio's classes for writing an operation are its implementation's,
/// which only this file and its source know (docs/decisions/0066).
///
/// Threading: the thread that runs its io_context.
class WatchedSocket final : public Socket {
 public:
  explicit WatchedSocket(Socket socket) : Socket(std::move(socket)) {}

  /// Leaves its io_context for another. Nothing waits; afterwards it belongs to the other's thread. The number of the
  /// descriptor stays. Throws boost::system::system_error, and is closed then.
  void move_to(boost::asio::io_context& context);

  /// Stream::watch_readable.
  Task<int> watch_readable(ReadWatcher& watcher);

 private:
  template <class Handler>
  class Watch;

  /// Its place in the reactor of its io_context.
  auto& place() { return this->impl_.get_implementation().reactor_data_; }
};

}  // namespace berth::http
