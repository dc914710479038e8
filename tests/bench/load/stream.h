// Stream: a connection as the request loop needs it, plain or TLS, that never blocks once it stands.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace berth::bench {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

/// A client's context that believes every certificate and offers one suite, so that all servers encrypt alike.
TlsContext make_tls_context();

class Stream {
 public:
  /// Connects to HOST:PORT and, with a context, shakes hands. Throws std::runtime_error.
  Stream(const std::string& address, SSL_CTX* tls);

  int fd() const { return socket_.get(); }
  bool is_encrypted() const { return ssl_ != nullptr; }

  /// Sends all of it. Throws std::runtime_error, also when the socket's buffer is full: a request is small.
  void send(std::string_view bytes);

  /// What is there, at most the buffer's size; 0 if nothing is. Throws std::runtime_error when the server has closed.
  std::size_t receive(std::span<char> buffer);

  /// Like receive(), but the kernel drops the bytes: on a plain connection only. Copying them would measure the client.
  std::size_t drop(std::uint64_t limit);

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  UniqueFd socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace berth::bench
