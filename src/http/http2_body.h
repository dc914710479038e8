// Http2Body: the body of an HTTP/2 request. DATA goes straight into the memory of a handler that waits for it; what
// comes while the handler is busy is kept, at most a stream's window, which opens again only as the handler takes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "async/byte_reader.h"
#include "async/wakeup.h"
#include "http/loop.h"
#include "http/progress_meter.h"
#include "http/server.h"

namespace berth::http {

/// What a body needs of its stream. Threading: the connection's loop.
class Http2BodyWindow {
 public:
  virtual ~Http2BodyWindow() = default;
  /// The handler has taken `count` bytes: the client may send as many more.
  virtual void open_window(std::size_t count) = 0;
  /// "100 Continue", for a client that waits for it.
  virtual void say_continue() = 0;
};

/// Threading, lifetime: of the request, on its loop.
class Http2Body final : public ByteReader {
 public:
  Http2Body(Http2BodyWindow& window, const Loop& loop, const ServerLimits& limits);

  Task<std::size_t> read(std::span<std::byte> into) override;

  // What the connection tells it.
  void expect_continue() { expects_continue_ = true; }
  void put(std::span<const std::byte> bytes);
  void end();
  /// The client went away, or broke the stream off.
  void break_off();
  /// Ends a read that has waited too long. A client that cannot send, because others of its streams fill the
  /// connection's window, is excused.
  enum class Client { can_send, is_held_back };
  void check_time(Client client);

  bool has_ended() const { return state_ == State::ended; }
  /// Bytes of body handed out.
  std::uint64_t byte_count() const { return byte_count_; }
  /// Drops what was received and not handed out, for nobody will take it any more; how much that was.
  std::size_t drop_kept();
  bool is_too_slow() const { return is_too_slow_; }

 private:
  enum class State { open, ended, broken };

  std::size_t take_kept(std::span<std::byte> into);
  void keep(std::span<const std::byte> bytes);
  void hand_out(std::size_t count);
  [[noreturn]] void fail() const;

  // Fixed after construction.
  Http2BodyWindow& window_;
  const Loop& loop_;
  const ServerLimits& limits_;
  // The reader that waits.
  Wakeup wakeup_;
  std::span<std::byte> into_;
  std::size_t filled_ = 0;
  LoopTime waiting_since_;
  ProgressMeter progress_;
  // What is kept.
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t byte_count_ = 0;
  State state_ = State::open;
  bool expects_continue_ = false;
  bool is_too_slow_ = false;
};

}  // namespace berth::http
