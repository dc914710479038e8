#include "tests/bench/load/stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>

#include "tests/bench/load/connection.h"

namespace berth::bench {
namespace {

std::size_t received(ssize_t count) {
  if (count > 0) return static_cast<std::size_t>(count);
  if (count < 0 && errno == EAGAIN) return 0;
  throw std::runtime_error(count == 0 ? "the server closed a connection" : fmt::format("recv: errno {}", errno));
}

}  // namespace

TlsContext make_tls_context() {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_128_GCM_SHA256") != 1) {
    throw std::runtime_error("no TLS");
  }
  // Several records a system call, as browsers and Go read them.
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), 256 * 1024);
  return context;
}

Stream::Stream(const std::string& address, SSL_CTX* tls) : socket_(connect_to(address)) {
  if (tls) {
    ssl_.reset(SSL_new(tls));
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.get()) != 1 || SSL_connect(ssl_.get()) != 1) {
      throw std::runtime_error("no TLS connection to " + address);
    }
  }
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0) throw std::runtime_error("fcntl failed");
}

void Stream::send(std::string_view bytes) {
  if (ssl_) {
    if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) != static_cast<int>(bytes.size())) {
      throw std::runtime_error("a request could not be encrypted and sent at once");
    }
    return;
  }
  const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) throw std::runtime_error(fmt::format("send: errno {}", errno));
  if (static_cast<std::size_t>(sent) != bytes.size()) throw std::runtime_error("a request was not taken at once");
}

std::size_t Stream::receive(std::span<char> buffer) {
  if (!ssl_) return received(::recv(socket_.get(), buffer.data(), buffer.size(), 0));
  const int count = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
  if (count > 0) return static_cast<std::size_t>(count);
  if (SSL_get_error(ssl_.get(), count) == SSL_ERROR_WANT_READ) return 0;
  throw std::runtime_error("the server closed a connection");
}

std::size_t Stream::drop(std::uint64_t limit) {
  constexpr std::uint64_t kOneTurn = std::uint64_t{8} << 20;
  return received(::recv(socket_.get(), nullptr, std::min(limit, kOneTurn), MSG_TRUNC));
}

}  // namespace berth::bench
