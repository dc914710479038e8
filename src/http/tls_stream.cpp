#include "http/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "http/plain_stream.h"

namespace berth::http {
namespace {

/// What one TLS record holds; small pieces are gathered up to it, larger writes bring nothing.
constexpr std::size_t kRecordBytes = 16 * 1024;

}  // namespace

TlsStream::TlsStream(Socket socket, const TlsContext& context, Loop& loop)
    : socket_(std::move(socket)), loop_(loop), tls_(context.new_connection()) {
  prepare_socket(socket_);
  SSL_set_fd(tls_, socket_.native_handle());
}

TlsStream::~TlsStream() {
  SSL_free(tls_);
}

/// After an OpenSSL call that did not do its work: waits for what it needs. 0: call again; else an errno value, or -1
/// for the peer's orderly end.
Task<int> TlsStream::wait_as_told(int outcome) {
  const int system_error = errno;
  switch (SSL_get_error(tls_, outcome)) {
    case SSL_ERROR_WANT_READ:
      co_return co_await wait_for(socket_, boost::asio::socket_base::wait_read);
    case SSL_ERROR_WANT_WRITE:
      co_return co_await wait_for(socket_, boost::asio::socket_base::wait_write);
    case SSL_ERROR_ZERO_RETURN:
      co_return -1;
    case SSL_ERROR_SYSCALL:
      is_open_ = false;
      co_return system_error != 0 ? system_error : ECONNRESET;
    default:
      is_open_ = false;
      co_return EPROTO;
  }
}

Task<IoResult> TlsStream::handshake() {
  for (;;) {
    if (is_aborted_) co_return IoResult{0, ECONNABORTED};
    ERR_clear_error();
    const int outcome = SSL_do_handshake(tls_);
    if (outcome == 1) {
      is_open_ = true;
      co_return IoResult{};
    }
    const bool is_plain_http = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    const int waited = co_await wait_as_told(outcome);
    if (waited == 0) continue;
    if (is_plain_http) answer_plain_http();
    co_return IoResult{0, waited > 0 ? waited : ECONNRESET};
  }
}

void TlsStream::answer_plain_http() {
  constexpr std::string_view kAnswer =
      "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
      "This is an HTTPS server, and the request was plain HTTP.\n";
  ::send(socket_.native_handle(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
  // What the client sent has been read but for a rest; taking that away keeps the close from becoming a reset.
  char rest[8192];
  while (::recv(socket_.native_handle(), rest, sizeof rest, MSG_DONTWAIT) == sizeof rest) {
  }
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

Task<IoResult> TlsStream::read_some(std::span<std::byte> into) {
  std::size_t filled = 0;
  for (;;) {
    if (is_aborted_) co_return IoResult{0, ECONNABORTED};
    ERR_clear_error();
    std::size_t count = 0;
    const int outcome = SSL_read_ex(tls_, into.data() + filled, into.size() - filled, &count);
    if (outcome == 1) {
      filled += count;
      if (filled == into.size()) co_return IoResult{filled, 0};
      continue;
    }
    // An error stays with the connection: the next call meets it again.
    if (filled > 0) co_return IoResult{filled, 0};
    const int waited = co_await wait_as_told(outcome);
    if (waited < 0) co_return IoResult{};
    if (waited > 0) co_return IoResult{0, waited};
  }
}

Task<IoResult> TlsStream::write_some(std::span<const iovec> pieces, MoreFollows) {
  if (pieces.size() == 1 || pieces.front().iov_len >= kRecordBytes) {
    co_return co_await write_bytes({static_cast<const std::byte*>(pieces.front().iov_base), pieces.front().iov_len});
  }
  // Head and small body in one record. After a write that had to wait, the caller comes with the same bytes again, as
  // OpenSSL asks for.
  LoopBuffer record = loop_.borrow_buffer();
  std::size_t filled = 0;
  for (const iovec& piece : pieces) {
    const std::size_t count = std::min(piece.iov_len, kRecordBytes - filled);
    std::memcpy(record.get() + filled, piece.iov_base, count);
    filled += count;
    if (filled == kRecordBytes) break;
  }
  const IoResult result = co_await write_bytes({record.get(), filled});
  loop_.give_back(std::move(record));
  co_return result;
}

Task<IoResult> TlsStream::write_bytes(std::span<const std::byte> bytes) {
  std::size_t written = 0;
  for (;;) {
    if (is_aborted_) co_return IoResult{0, ECONNABORTED};
    ERR_clear_error();
    std::size_t count = 0;
    const int outcome = SSL_write_ex(tls_, bytes.data() + written, bytes.size() - written, &count);
    if (outcome == 1) {
      written += count;
      if (written == bytes.size()) co_return IoResult{written, 0};
      continue;
    }
    if (written > 0) co_return IoResult{written, 0};
    const int waited = co_await wait_as_told(outcome);
    if (waited != 0) co_return IoResult{0, waited > 0 ? waited : EPIPE};
  }
}

Task<IoResult> TlsStream::send_file_some(int, std::uint64_t, std::size_t) {
  co_return IoResult{0, ENOTSUP};
}

Task<IoResult> TlsStream::discard_some(std::span<std::byte> scratch) {
  return read_socket(socket_, scratch);
}

void TlsStream::shutdown_send() {
  if (is_open_ && !is_aborted_) {
    ERR_clear_error();
    SSL_shutdown(tls_);
  }
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

void TlsStream::cancel() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void TlsStream::abort(Abort how) {
  is_aborted_ = true;
  abort_socket(socket_, how);
}

}  // namespace berth::http
