// Stream: the bytes of one connection, whatever carries them: TCP, a unix socket, or TLS over either.
#pragma once

#include <sys/uio.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "async/task.h"
#include "http/loop.h"
#include "http/peer_certificate.h"

namespace berth::http {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>;

/// What one step moved. `error` is an errno value, ECANCELED after cancel(), or 0.
struct IoResult {
  std::size_t bytes = 0;
  int error = 0;
};

enum class MoreFollows { no, yes };

/// Told when there is something to read. Work that never waits can go on in it without a coroutine being resumed.
class ReadWatcher {
 public:
  /// True to be told again, which needs a read that found no more.
  virtual bool on_readable() = 0;

 protected:
  ~ReadWatcher() = default;
};

/// Steps that end in ..._now never wait: with nothing to do they say EAGAIN, and wait() returns when it is worth trying
/// again. The others are the same with the wait in them.
///
/// Threading: the connection's loop; one operation at a time.
class Stream {
 public:
  virtual ~Stream() = default;

  /// TLS: the handshake. `error` is not 0 if it failed.
  virtual IoResult handshake_now() = 0;
  /// What has come, as far as it fits; 0 bytes without error is the peer's end.
  virtual IoResult read_now(std::span<std::byte> into) = 0;
  /// Sends what the socket takes. `more` tells the kernel that other bytes follow at once, so that a head and its file
  /// leave in one packet. After EAGAIN the next write must begin with the same bytes (OpenSSL asks for it).
  virtual IoResult write_now(std::span<const iovec> pieces, MoreFollows more) = 0;
  /// The kernel can send a file by itself; else send_file_now() must not be called.
  virtual bool sends_files() const = 0;
  /// Sends what the socket takes of the file. 0 bytes without error is the file's end.
  virtual IoResult send_file_now(int file, std::uint64_t offset, std::size_t length) = 0;
  /// Reads below TLS, to throw away what the peer still sends after shutdown_send().
  virtual IoResult discard_now(std::span<std::byte> scratch) = 0;
  /// Waits for what the last step that said EAGAIN needs. 0, or the errno value that ends the connection.
  virtual Task<int> wait() = 0;
  /// Waits until there is something to read, without a step before.
  virtual Task<int> wait_readable() = 0;
  /// The same again and again, until `watcher` has had enough; what it throws comes out here. The next read comes
  /// first.
  virtual Task<int> watch_readable(ReadWatcher& watcher) = 0;

  /// TLS, after the handshake: who is at the other end, if a client CA vouches for him.
  virtual std::shared_ptr<const PeerCertificate> peer_certificate() const { return nullptr; }

  Task<IoResult> handshake();
  Task<IoResult> read_some(std::span<std::byte> into);
  Task<IoResult> write_some(std::span<const iovec> pieces, MoreFollows more);
  Task<IoResult> send_file_some(int file, std::uint64_t offset, std::size_t length);
  Task<IoResult> discard_some(std::span<std::byte> scratch);

  /// What the handshake agreed on ("h2"); empty without one.
  virtual std::string_view protocol() const { return {}; }

  /// Bytes sent that the peer's machine has not acknowledged: what a reset would take from it.
  virtual std::size_t unacknowledged() const = 0;

  /// Bytes have come that nobody has read.
  virtual bool has_bytes() const = 0;
  /// The peer's end has come, behind what has been read. An end that came together with bytes is no event of its own,
  /// so that a watcher who read these bytes alone is not told of it.
  virtual bool is_at_end() const = 0;

  /// Says that nothing more is sent. Does not wait.
  virtual void shutdown_send() = 0;
  /// Wakes the operation that waits, with ECANCELED. The stream stays usable.
  virtual void cancel() = 0;
  /// Ends the connection both ways; what waits, and all that comes later, fails. With `Abort::reset` the peer gets a
  /// reset, so that an answer without a length cannot be taken for a whole one.
  enum class Abort { close, reset };
  virtual void abort(Abort how) = 0;

  /// From now on its operations belong to another loop's thread. Nothing waits. Throws if the kernel refuses.
  virtual void move_to(Loop& loop) = 0;
};

std::unique_ptr<Stream> make_plain_stream(Socket socket);

}  // namespace berth::http
