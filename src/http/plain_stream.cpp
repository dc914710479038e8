#include "http/plain_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace berth::http {
namespace {

int errno_of(const boost::system::error_code& error) {
  return error == boost::asio::error::operation_aborted ? ECANCELED : error.value();
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

void prepare_socket(Socket& socket) {
  boost::system::error_code ignored;
  socket.native_non_blocking(true, ignored);
  // Answers leave in one piece, so waiting for more to join them only costs time. Fails on unix sockets, rightly.
  const int on = 1;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
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

Task<int> wait_for(Socket& socket, boost::asio::socket_base::wait_type what) {
  boost::system::error_code error;
  co_await socket.async_wait(what, boost::asio::redirect_error(boost::asio::use_awaitable, error));
  co_return errno_of(error);
}

Task<IoResult> read_socket(Socket& socket, std::span<std::byte> into) {
  boost::system::error_code error;
  const std::size_t count = co_await socket.async_read_some(
      boost::asio::buffer(into.data(), into.size()), boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (error == boost::asio::error::eof) co_return IoResult{};
  co_return IoResult{count, errno_of(error)};
}

std::unique_ptr<Stream> make_plain_stream(Socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

PlainStream::PlainStream(Socket socket) : socket_(std::move(socket)) {
  prepare_socket(socket_);
}

Task<IoResult> PlainStream::handshake() {
  co_return IoResult{};
}

Task<IoResult> PlainStream::read_some(std::span<std::byte> into) {
  return read_socket(socket_, into);
}

Task<IoResult> PlainStream::write_some(std::span<const iovec> pieces, MoreFollows more) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  const int flags = MSG_NOSIGNAL | (more == MoreFollows::yes ? MSG_MORE : 0);
  for (;;) {
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, flags);
    if (sent >= 0) co_return IoResult{static_cast<std::size_t>(sent), 0};
    const int error = errno;
    if (error == EINTR) continue;
    if (!would_block(error)) co_return IoResult{0, error};
    const int waited = co_await wait_for(socket_, boost::asio::socket_base::wait_write);
    if (waited != 0) co_return IoResult{0, waited};
  }
}

Task<IoResult> PlainStream::send_file_some(int file, std::uint64_t offset, std::size_t length) {
  for (;;) {
    auto position = static_cast<off_t>(offset);
    const ssize_t sent = ::sendfile(socket_.native_handle(), file, &position, length);
    if (sent >= 0) co_return IoResult{static_cast<std::size_t>(sent), 0};
    const int error = errno;
    if (error == EINTR) continue;
    if (!would_block(error)) co_return IoResult{0, error};
    const int waited = co_await wait_for(socket_, boost::asio::socket_base::wait_write);
    if (waited != 0) co_return IoResult{0, waited};
  }
}

Task<IoResult> PlainStream::discard_some(std::span<std::byte> scratch) {
  return read_socket(socket_, scratch);
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
