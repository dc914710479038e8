// TlsSocket: the socket under a TLS connection as OpenSSL reads and writes it.
#pragma once

struct bio_st;

namespace berth::http {

/// Reads remember whether the socket had more, so that nobody asks it again only to hear that it has not. Writes go to
/// OpenSSL's own BIO of the descriptor, through which it can give the encryption to the kernel.
///
/// Lifetime: longer than the SSL that uses its BIOs; stays where it is. Threading: the connection's loop.
class TlsSocket {
 public:
  explicit TlsSocket(int descriptor) : descriptor_(descriptor) {}
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  /// New ones, for SSL_set_bio. Throw std::bad_alloc.
  bio_st* make_read_bio();
  bio_st* make_write_bio() const;
  /// Lets OpenSSL give the keys for sending to the kernel; before the handshake. Without effect where it cannot.
  void prepare_kernel_tls() const;

  int descriptor() const { return descriptor_; }
  /// The last read got less than it asked for.
  bool is_exhausted() const { return is_exhausted_; }

 private:
  static int read(bio_st* bio, char* into, int size);
  static long control(bio_st* bio, int what, long number, void* argument);

  const int descriptor_;
  bool is_exhausted_ = false;
  bool has_ended_ = false;
};

/// Whether the kernel encrypts TLS for sockets (its "tls" protocol, a module as a rule). Asked once: a kernel without
/// it looks for the module each time.
bool kernel_offers_tls();

}  // namespace berth::http
