#include "http/plain_stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <exception>
#include <utility>

namespace berth::http {
namespace {

using Wait = boost::asio::socket_base::wait_type;

/// The result of a system call that moved `count` bytes, or failed.
IoResult result_of(ssize_t count) {
  if (count >= 0) return {static_cast<std::size_t>(count), 0};
  return {0, errno == EWOULDBLOCK ? EAGAIN : errno};
}

}  // namespace

void prepare_socket(Socket& socket) {
  boost::system::error_code ignored;
  socket.native_non_blocking(true, ignored);
  // Answers leave in one piece, so waiting for more to join them only costs time. Fails on unix sockets, rightly.
  const int on = 1;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::size_t unacknowledged_bytes(int socket) {
  int count = 0;
  return ::ioctl(socket, SIOCOUTQ, &count) == 0 && count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool has_unread_bytes(int socket) {
  int count = 0;
  return ::ioctl(socket, FIONREAD, &count) == 0 && count > 0;
}

bool socket_is_at_end(int socket) {
  char byte = 0;
  const ssize_t count = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

void abort_socket(Socket& socket, Stream::Abort how) {
  // Shut down, not closed: the number of the descriptor stays ours while a coroutine may still use it.
  if (how == Stream::Abort::reset) {
    const linger at_once{1, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  boost::system::error_code ignored;
  socket.cancel(ignored);
  if (how == Stream::Abort::close) ::shutdown(socket.native_handle(), SHUT_RDWR);
}

Task<int> wait_for(Socket& socket, Wait what) {
  boost::system::error_code error;
  co_await socket.async_wait(what, boost::asio::redirect_error(boost::asio::use_awaitable, error));
  co_return error == boost::asio::error::operation_aborted ? ECANCELED : error.value();
}

IoResult read_socket_now(Socket& socket, std::span<std::byte> into) {
  IoResult result;
  do {
    result = result_of(::recv(socket.native_handle(), into.data(), into.size(), 0));
  } while (result.error == EINTR);
  return result;
}

std::unique_ptr<Stream> make_plain_stream(Socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

PlainStream::PlainStream(Socket socket) : socket_(std::move(socket)) {
  prepare_socket(socket_);
}

IoResult PlainStream::read_now(std::span<std::byte> into) {
  waits_to_write_ = false;
  return read_socket_now(socket_, into);
}

IoResult PlainStream::write_now(std::span<const iovec> pieces, MoreFollows more) {
  waits_to_write_ = true;
  const int flags = MSG_NOSIGNAL | (more == MoreFollows::yes ? MSG_MORE : 0);
  IoResult result;
  do {
    if (pieces.size() == 1) {
      result = result_of(::send(socket_.native_handle(), pieces[0].iov_base, pieces[0].iov_len, flags));
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(pieces.data());
      message.msg_iovlen = pieces.size();
      result = result_of(::sendmsg(socket_.native_handle(), &message, flags));
    }
  } while (result.error == EINTR);
  return result;
}

IoResult PlainStream::send_file_now(int file, std::uint64_t offset, std::size_t length) {
  waits_to_write_ = true;
  IoResult result;
  do {
    auto position = static_cast<off_t>(offset);
    result = result_of(::sendfile(socket_.native_handle(), file, &position, length));
  } while (result.error == EINTR);
  return result;
}

Task<int> PlainStream::wait() {
  return wait_for(socket_, waits_to_write_ ? Wait::wait_write : Wait::wait_read);
}

Task<int> PlainStream::watch_readable(ReadWatcher& watcher) {
  return socket_.watch_readable(watcher);
}

Task<int> PlainStream::wait_readable() {
  return wait_for(socket_, Wait::wait_read);
}

std::size_t PlainStream::unacknowledged() const {
  return unacknowledged_bytes(const_cast<WatchedSocket&>(socket_).native_handle());
}

bool PlainStream::has_bytes() const {
  return has_unread_bytes(const_cast<WatchedSocket&>(socket_).native_handle());
}

bool PlainStream::is_at_end() const {
  return socket_is_at_end(const_cast<WatchedSocket&>(socket_).native_handle());
}

void PlainStream::shutdown_send() {
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

void PlainStream::cancel() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void PlainStream::abort(Abort how) {
  abort_socket(socket_, how);
}

}  // namespace berth::http
