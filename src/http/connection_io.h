// ConnectionIo: a connection's stream with deadlines, minimum progress and byte counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "async/byte_source.h"
#include "http/loop.h"
#include "http/progress_meter.h"
#include "http/server.h"
#include "http/stream.h"

namespace berth::http {

/// How sending ended.
enum class SendResult {
  sent,
  broken,        ///< the peer went away, or was cut off
  too_slow,      ///< a time limit passed
  source_short,  ///< a file was shorter than promised, or could not be read
};

/// Lifetime: a member of its loop from construction to destruction. Threading: the loop's thread, one operation at a
/// time.
class ConnectionIo final : public LoopMember {
 public:
  ConnectionIo(std::unique_ptr<Stream> stream, Loop& loop, const ServerLimits& limits);
  ~ConnectionIo() override;
  ConnectionIo(const ConnectionIo&) = delete;
  ConnectionIo& operator=(const ConnectionIo&) = delete;

  Loop& loop() { return loop_; }
  /// Lets go of the stream, for another protocol; nothing but the destructor may be called afterwards.
  std::unique_ptr<Stream> release_stream() { return std::move(stream_); }
  std::string_view protocol() const { return stream_->protocol(); }

  /// What is awaited from now on ends with ECANCELED when `limit` has passed.
  void start_deadline(std::chrono::milliseconds limit);
  void end_deadline() { loop_.clear_due(*this); }
  /// The last deadline passed.
  bool is_expired() const { return is_expired_; }

  Task<IoResult> handshake();
  std::shared_ptr<const PeerCertificate> peer_certificate() const { return stream_->peer_certificate(); }
  /// 0 bytes without error is the peer's end. Under the deadline that was started, if any.
  Task<IoResult> read_some(std::span<std::byte> into);
  /// What has come already; EAGAIN if nothing has.
  IoResult read_now(std::span<std::byte> into);
  /// Bytes have come that nobody has read.
  bool has_bytes() const { return stream_->has_bytes(); }
  /// Tells `watcher` of bytes to read, under the deadline, until it has had enough. Not to be begun when the deadline
  /// has passed. No coroutine of its own: this is where connections rest, and its frame would be held by each.
  Task<int> watch_readable(ReadWatcher& watcher) { return stream_->watch_readable(watcher); }
  /// What the watcher waits for next is a new request, or the rest of one. A drain may end an idle connection.
  enum class Rest { none, idle, amid_head };
  void set_rest(Rest rest) { rest_ = rest; }
  /// The wait that just ended with ECANCELED did so because the peer's end has come, of which no event told.
  bool take_wake_up() { return std::exchange(is_woken_, false); }
  /// The loop that it shall go on on, or null. Only what rests is asked to, and wait for bytes ends with ECANCELED.
  Loop* wanted_loop() const { return wanted_loop_; }
  /// Sends what the socket takes at once.
  IoResult write_now(std::span<const iovec> pieces);
  /// This connection has sent as much as others let it before their turn; let_others() gives it to them.
  bool is_turn_over() const;
  /// The others have had theirs.
  void start_turn() { turn_bytes_ = 0; }
  Task<> let_others();

  Task<SendResult> send(std::string_view bytes);
  /// Sends and empties `pieces`, whose bytes must stay until then.
  Task<SendResult> send(std::vector<iovec>& pieces, MoreFollows more);
  /// The same from some place within: the first `skip` bytes are out already.
  Task<SendResult> send_rest(std::vector<iovec>& pieces, std::size_t skip, MoreFollows more);
  Task<SendResult> send_file(const FileRegion& region, MoreFollows more);

  /// Says that nothing more comes and takes what the peer still sends, at most `bytes` and for `time`: closing with
  /// bytes unread makes the kernel send a reset, which can overtake the answer and take it from the client. A peer that
  /// sends more than that is given the whole of `time`.
  Task<> linger(std::uint64_t bytes, std::chrono::milliseconds time);
  void shutdown_send() { stream_->shutdown_send(); }
  void abort(Stream::Abort how) { stream_->abort(how); }

  void on_due() override;
  void on_drain() override;
  void on_cut() override;
  bool on_look() override;
  bool on_move(Loop& to) override;

 private:
  Task<> be_fair(std::size_t bytes);
  Task<SendResult> send_file_by_copying(const FileRegion& region, MoreFollows more);
  SendResult failure_of_send() const { return is_expired_ ? SendResult::too_slow : SendResult::broken; }

  Loop& loop_;
  const ServerLimits& limits_;
  std::unique_ptr<Stream> stream_;
  ProgressMeter send_progress_;
  Loop* wanted_loop_ = nullptr;
  std::size_t turn_bytes_ = 0;
  Rest rest_ = Rest::none;
  bool is_expired_ = false;
  bool is_woken_ = false;
};

}  // namespace berth::http
