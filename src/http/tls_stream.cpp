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
#include "http/tls_peer.h"

namespace berth::http {
namespace {

/// What one TLS record holds; small pieces are gathered up to it, larger writes bring nothing.
constexpr std::size_t kRecordBytes = 16 * 1024;

}  // namespace

TlsStream::TlsStream(Socket socket, const TlsContext& context, Loop& loop)
    : socket_(std::move(socket)), below_(socket_.native_handle()), loop_(&loop), tls_(context.new_connection()) {
  prepare_socket(socket_);
  SSL_set_bio(tls_, below_.make_read_bio(), below_.make_write_bio());
  if ((SSL_get_options(tls_) & SSL_OP_ENABLE_KTLS) != 0) below_.prepare_kernel_tls();
}

TlsStream::~TlsStream() {
  SSL_free(tls_);
}

/// What an OpenSSL call that did not do its work means: EAGAIN, another errno value, or the peer's orderly end.
IoResult TlsStream::result_of(int outcome) {
  const int system_error = errno;
  switch (SSL_get_error(tls_, outcome)) {
    case SSL_ERROR_WANT_READ:
      waits_to_write_ = false;
      return {0, EAGAIN};
    case SSL_ERROR_WANT_WRITE:
      waits_to_write_ = true;
      return {0, EAGAIN};
    case SSL_ERROR_ZERO_RETURN:
      return {};
    case SSL_ERROR_SYSCALL:
      is_open_ = false;
      return {0, system_error != 0 ? system_error : ECONNRESET};
    default:
      is_open_ = false;
      return {0, EPROTO};
  }
}

Task<int> TlsStream::wait() {
  const auto what = waits_to_write_ ? boost::asio::socket_base::wait_write : boost::asio::socket_base::wait_read;
  return wait_for(socket_, what);
}

Task<int> TlsStream::wait_readable() {
  if (has_more_to_say_) co_return 0;
  co_return co_await wait_for(socket_, boost::asio::socket_base::wait_read);
}

Task<int> TlsStream::watch_readable(ReadWatcher& watcher) {
  // The socket does not tell of what OpenSSL holds already.
  struct UntilAllIsRead final : ReadWatcher {
    UntilAllIsRead(TlsStream& its_stream, ReadWatcher& its_watcher) : stream(its_stream), inner(its_watcher) {}
    bool on_readable() override {
      do {
        if (!inner.on_readable()) return false;
      } while (stream.has_more_to_say_);
      return true;
    }
    TlsStream& stream;
    ReadWatcher& inner;
  } until_all_is_read(*this, watcher);
  if (has_more_to_say_ && !until_all_is_read.on_readable()) co_return 0;
  co_return co_await socket_.watch_readable(until_all_is_read);
}

IoResult TlsStream::handshake_now() {
  if (is_aborted_) return {0, ECONNABORTED};
  ERR_clear_error();
  const int outcome = SSL_do_handshake(tls_);
  if (outcome == 1) {
    is_open_ = true;
    if (BIO_get_ktls_send(SSL_get_wbio(tls_)) != 0) give_keys_to_kernel();
    return {};
  }
  const bool is_plain_http = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  const IoResult result = result_of(outcome);
  if (result.error == EAGAIN) return result;
  if (is_plain_http) answer_plain_http();
  return {0, result.error != 0 ? result.error : ECONNRESET};
}

/// OpenSSL has given them. It would go on with new ones if the client asked for that (TLS 1.3's KeyUpdate), which the
/// kernel does not learn of: what it sent then could not be read. So such a connection ends; clients ask after 100 GB,
/// if ever.
void TlsStream::give_keys_to_kernel() {
  is_kernel_encrypting_ = true;
  SSL_set_msg_callback(tls_, &TlsStream::look_at_message);
  SSL_set_msg_callback_arg(tls_, this);
}

void TlsStream::look_at_message(int is_sent, int, int content_type, const void* bytes, std::size_t size, SSL*,
                                void* stream) {
  // A head of four bytes, and then whether the other side shall do the same (RFC 8446, 4.6.3).
  constexpr std::size_t kRequestAt = 4;
  const std::span message(static_cast<const unsigned char*>(bytes), size);
  if (is_sent != 0 || content_type != SSL3_RT_HANDSHAKE || size <= kRequestAt) return;
  if (message[0] != SSL3_MT_KEY_UPDATE || message[kRequestAt] != SSL_KEY_UPDATE_REQUESTED) return;
  auto& self = *static_cast<TlsStream*>(stream);
  self.is_asked_for_new_keys_ = true;
  self.is_open_ = false;
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

IoResult TlsStream::read_now(std::span<std::byte> into) {
  if (!can_go_on()) return {0, ECONNABORTED};
  std::size_t filled = 0;
  while (filled < into.size()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int outcome = SSL_read_ex(tls_, into.data() + filled, into.size() - filled, &count);
    if (!can_go_on()) return {0, ECONNABORTED};
    if (outcome != 1) {
      const IoResult result = result_of(outcome);
      // An end or an error stays with the connection: the next call meets it again, and need not wait for it.
      has_more_to_say_ = result.error != EAGAIN;
      if (filled > 0) return {filled, 0};
      return result;
    }
    filled += count;
    // Asking again would be a system call that finds nothing.
    has_more_to_say_ = !below_.is_exhausted() || SSL_has_pending(tls_) != 0;
    if (!has_more_to_say_) return {filled, 0};
  }
  has_more_to_say_ = true;  // as much as asked for: OpenSSL may hold more
  return {filled, 0};
}

IoResult TlsStream::write_now(std::span<const iovec> pieces, MoreFollows) {
  if (pieces.size() == 1 || pieces.front().iov_len >= kRecordBytes) {
    return write_bytes({static_cast<const std::byte*>(pieces.front().iov_base), pieces.front().iov_len});
  }
  // Head and small body in one record. After a write that had to wait, the caller comes with the same bytes again, as
  // OpenSSL asks for.
  LoopBuffer record = loop_->borrow_buffer();
  std::size_t filled = 0;
  for (const iovec& piece : pieces) {
    const std::size_t count = std::min(piece.iov_len, kRecordBytes - filled);
    std::memcpy(record.get() + filled, piece.iov_base, count);
    filled += count;
    if (filled == kRecordBytes) break;
  }
  const IoResult result = write_bytes({record.get(), filled});
  loop_->give_back(std::move(record));
  return result;
}

IoResult TlsStream::write_bytes(std::span<const std::byte> bytes) {
  if (!can_go_on()) return {0, ECONNABORTED};
  std::size_t written = 0;
  while (written < bytes.size()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int outcome = SSL_write_ex(tls_, bytes.data() + written, bytes.size() - written, &count);
    if (outcome != 1) {
      if (written > 0) break;
      const IoResult result = result_of(outcome);
      return {0, result.error != 0 ? result.error : EPIPE};
    }
    written += count;
  }
  return {written, 0};
}

IoResult TlsStream::send_file_now(int file, std::uint64_t offset, std::size_t length) {
  if (!can_go_on()) return {0, ECONNABORTED};
  ERR_clear_error();
  const ossl_ssize_t count = SSL_sendfile(tls_, file, static_cast<off_t>(offset), length, 0);
  if (count >= 0) return {static_cast<std::size_t>(count), 0};
  const int system_error = errno;
  const IoResult result = result_of(static_cast<int>(count));
  // What is wrong with the file is said by its errno value alone.
  return result.error == EPROTO && system_error != 0 ? IoResult{0, system_error} : result;
}

IoResult TlsStream::discard_now(std::span<std::byte> scratch) {
  return read_socket_now(socket_, scratch);
}

std::shared_ptr<const PeerCertificate> TlsStream::peer_certificate() const {
  return verified_peer(tls_);
}

std::string_view TlsStream::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::size_t TlsStream::unacknowledged() const {
  return unacknowledged_bytes(below_.descriptor());
}

bool TlsStream::has_bytes() const {
  return has_more_to_say_ || has_unread_bytes(below_.descriptor());
}

bool TlsStream::is_at_end() const {
  return socket_is_at_end(below_.descriptor());
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

void TlsStream::move_to(Loop& loop) {
  socket_.move_to(loop.context());
  loop_ = &loop;
}

}  // namespace berth::http
