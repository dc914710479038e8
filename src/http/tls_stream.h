// TlsStream: TLS over a TCP or unix socket. OpenSSL works on the descriptor itself, which costs less than handing bytes
// through a memory buffer and lets the kernel take the encryption over where it can.
#pragma once

#include <memory>

#include "http/loop.h"
#include "http/stream.h"
#include "http/tls_context.h"

namespace berth::http {

class TlsStream final : public Stream {
 public:
  /// Threads that use it block SIGPIPE: OpenSSL writes with write(2).
  TlsStream(Socket socket, const TlsContext& context, Loop& loop);
  ~TlsStream() override;

  Task<IoResult> handshake() override;
  Task<IoResult> read_some(std::span<std::byte> into) override;
  Task<IoResult> write_some(std::span<const iovec> pieces, MoreFollows more) override;
  bool sends_files() const override { return false; }
  Task<IoResult> send_file_some(int file, std::uint64_t offset, std::size_t length) override;
  Task<IoResult> discard_some(std::span<std::byte> scratch) override;
  void shutdown_send() override;
  void cancel() override;
  void abort(Abort how) override;

 private:
  Task<int> wait_as_told(int outcome);
  Task<IoResult> write_bytes(std::span<const std::byte> bytes);
  void answer_plain_http();

  Socket socket_;
  Loop& loop_;
  ssl_st* tls_;
  bool is_aborted_ = false;
  bool is_open_ = false;  ///< the handshake is done and nothing has broken since
};

}  // namespace berth::http
