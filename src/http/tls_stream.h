// TlsStream: TLS over a TCP or unix socket. OpenSSL works on the descriptor itself, which costs less than handing bytes
// through a memory buffer and lets the kernel take the encryption over where it can.
#pragma once

#include <memory>

#include "http/loop.h"
#include "http/stream.h"
#include "http/tls_context.h"
#include "http/tls_socket.h"
#include "http/watched_socket.h"

namespace berth::http {

class TlsStream final : public Stream {
 public:
  /// Threads that use it block SIGPIPE: OpenSSL writes with write(2).
  TlsStream(Socket socket, const TlsContext& context, Loop& loop);
  ~TlsStream() override;

  IoResult handshake_now() override;
  IoResult read_now(std::span<std::byte> into) override;
  IoResult write_now(std::span<const iovec> pieces, MoreFollows more) override;
  bool sends_files() const override { return is_kernel_encrypting_; }
  IoResult send_file_now(int file, std::uint64_t offset, std::size_t length) override;
  IoResult discard_now(std::span<std::byte> scratch) override;
  std::shared_ptr<const PeerCertificate> peer_certificate() const override;
  Task<int> wait() override;
  Task<int> wait_readable() override;
  Task<int> watch_readable(ReadWatcher& watcher) override;
  std::string_view protocol() const override;
  std::size_t unacknowledged() const override;
  bool has_bytes() const override;
  bool is_at_end() const override;
  void shutdown_send() override;
  void cancel() override;
  void abort(Abort how) override;
  void move_to(Loop& loop) override;

 private:
  void give_keys_to_kernel();
  static void look_at_message(int is_sent, int version, int content_type, const void* bytes, std::size_t size,
                              ssl_st* tls, void* stream);
  bool can_go_on() const { return !is_aborted_ && !is_asked_for_new_keys_; }
  IoResult result_of(int outcome);
  IoResult write_bytes(std::span<const std::byte> bytes);
  void answer_plain_http();

  WatchedSocket socket_;
  TlsSocket below_;
  Loop* loop_;
  ssl_st* tls_;
  bool is_aborted_ = false;
  bool has_more_to_say_ = false;  ///< the next read has an answer without waiting for the socket
  bool waits_to_write_ = false;   ///< what the last step that said EAGAIN needs of the socket
  bool is_open_ = false;          ///< the handshake is done and nothing has broken since
  bool is_kernel_encrypting_ = false;
  bool is_asked_for_new_keys_ = false;  ///< and the kernel has the old ones
};

}  // namespace berth::http
