// PlainStream: a TCP or unix socket as it is.
#pragma once

#include "http/stream.h"
#include "http/watched_socket.h"

namespace berth::http {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket);

  IoResult handshake_now() override { return {}; }
  IoResult read_now(std::span<std::byte> into) override;
  IoResult write_now(std::span<const iovec> pieces, MoreFollows more) override;
  bool sends_files() const override { return true; }
  IoResult send_file_now(int file, std::uint64_t offset, std::size_t length) override;
  IoResult discard_now(std::span<std::byte> scratch) override { return read_now(scratch); }
  Task<int> wait() override;
  Task<int> wait_readable() override;
  Task<int> watch_readable(ReadWatcher& watcher) override;
  std::size_t unacknowledged() const override;
  bool has_bytes() const override;
  bool is_at_end() const override;
  void shutdown_send() override;
  void cancel() override;
  void abort(Abort how) override;
  void move_to(Loop& loop) override { socket_.move_to(loop.context()); }

 private:
  WatchedSocket socket_;
  bool waits_to_write_ = false;
};

/// What TlsStream does to its socket, too.
void prepare_socket(Socket& socket);
std::size_t unacknowledged_bytes(int socket);
bool has_unread_bytes(int socket);
/// Nothing is left to read, and nothing will come; an error, too.
bool socket_is_at_end(int socket);
void abort_socket(Socket& socket, Stream::Abort how);
/// Waits until the socket can be read or written; an errno value or 0.
Task<int> wait_for(Socket& socket, boost::asio::socket_base::wait_type what);
IoResult read_socket_now(Socket& socket, std::span<std::byte> into);

}  // namespace berth::http
