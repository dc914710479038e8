// PlainStream: a TCP or unix socket as it is.
#pragma once

#include "http/stream.h"

namespace berth::http {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket);

  Task<IoResult> handshake() override;
  Task<IoResult> read_some(std::span<std::byte> into) override;
  Task<IoResult> write_some(std::span<const iovec> pieces, MoreFollows more) override;
  bool sends_files() const override { return true; }
  Task<IoResult> send_file_some(int file, std::uint64_t offset, std::size_t length) override;
  Task<IoResult> discard_some(std::span<std::byte> scratch) override;
  void shutdown_send() override;
  void cancel() override;
  void abort(Abort how) override;

 private:
  Socket socket_;
};

/// What TlsStream does to its socket, too.
void prepare_socket(Socket& socket);
void abort_socket(Socket& socket, Stream::Abort how);
/// Waits until the socket can be read or written; an errno value or 0.
Task<int> wait_for(Socket& socket, boost::asio::socket_base::wait_type what);
Task<IoResult> read_socket(Socket& socket, std::span<std::byte> into);

}  // namespace berth::http
