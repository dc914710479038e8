#include "http/tls_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>

#include "base/unique_fd.h"

namespace berth::http {
namespace {

/// The protocol on top of TCP: EINVAL or ENOENT if there is none, ENOTCONN if there is and it lacks a connection.
int set_upper_protocol(int socket) {
  constexpr char kName[] = "tls";
  return ::setsockopt(socket, IPPROTO_TCP, TCP_ULP, kName, sizeof kName) == 0 ? 0 : errno;
}

BIO_METHOD* make_method(int (*read)(BIO*, char*, int), long (*control)(BIO*, int, long, void*)) {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "berth socket");
  if (method == nullptr || BIO_meth_set_read(method, read) != 1 || BIO_meth_set_ctrl(method, control) != 1) {
    throw std::bad_alloc();
  }
  return method;
}

}  // namespace

BIO* TlsSocket::make_read_bio() {
  static BIO_METHOD* const method = make_method(&TlsSocket::read, &TlsSocket::control);  // lives as long as OpenSSL
  BIO* bio = BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

BIO* TlsSocket::make_write_bio() const {
  BIO* bio = BIO_new_socket(descriptor_, BIO_NOCLOSE);
  if (bio == nullptr) throw std::bad_alloc();
  return bio;
}

void TlsSocket::prepare_kernel_tls() const {
  set_upper_protocol(descriptor_);
}

int TlsSocket::read(BIO* bio, char* into, int size) {
  auto& self = *static_cast<TlsSocket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  ssize_t count = 0;
  do {
    count = ::recv(self.descriptor_, into, static_cast<std::size_t>(size), 0);
  } while (count < 0 && errno == EINTR);
  self.is_exhausted_ = count < size;
  self.has_ended_ = count == 0;
  if (count < 0 && errno == EAGAIN) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

long TlsSocket::control(BIO* bio, int what, long, void*) {
  switch (what) {
    case BIO_CTRL_EOF:
      return static_cast<TlsSocket*>(BIO_get_data(bio))->has_ended_ ? 1 : 0;
    case BIO_CTRL_FLUSH:
      return 1;
    default:
      return 0;
  }
}

bool kernel_offers_tls() {
  static const bool is_offered = [] {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return set_upper_protocol(socket.get()) == ENOTCONN;
  }();
  return is_offered;
}

}  // namespace berth::http
