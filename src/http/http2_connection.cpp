#include "http/http2_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <exception>
#include <utility>
#include <vector>

#include "async/wakeup.h"
#include "http/failure_answer.h"
#include "http/http2_output.h"
#include "http/http2_session.h"

namespace berth::http {
namespace {

/// What one connection may send before the others of its loop have their turn.
constexpr std::size_t kTurnBytes = 1024 * 1024;
/// How long clients may take to say that they know of the end, before streams they opened meanwhile are ignored.
constexpr std::chrono::milliseconds kEndNotice{500};
/// How often a connection with work looks at its deadlines, at most.
constexpr std::chrono::milliseconds kCheckInterval{1000};

std::chrono::milliseconds check_interval_of(const ServerLimits& limits) {
  const auto shortest =
      std::min({limits.header_time, limits.body_stall_time, limits.write_stall_time, limits.progress_window});
  return std::clamp<std::chrono::milliseconds>(shortest / 4, Loop::kTick / 2, kCheckInterval);
}

class Http2Connection final : public LoopMember, public Http2SessionOwner {
 public:
  Http2Connection(ServerContext& server, Loop& loop, std::unique_ptr<Stream> stream, Peer peer);
  ~Http2Connection() override { loop_.remove(*this); }

  Task<> run(Http2Start start);

  void flush_soon() override { wake_writer_.wake(); }
  void on_due() override;
  void on_drain() override;
  void on_cut() override { break_off(Stream::Abort::close); }

 private:
  enum class Flushed { all, blocked, turn_over, broken };
  enum class Received { some, buffer_full, nothing, end };

  bool start(Http2Start start);
  Task<> read();
  Received receive_now();
  bool take(std::span<const std::byte> bytes);
  void start_handlers();
  Task<> write();
  Flushed flush();
  /// From the reader and from deadlines: unless the writer is at it already.
  void flush_if_possible();
  Task<> handle(Http2Stream& stream);
  Task<> answer(Http2Stream& stream);
  Task<std::optional<Response>> call_handler(Http2Stream& stream);
  Task<> linger();

  void end_when_known();
  void break_off(Stream::Abort how);
  void check_deadlines();
  void arm();
  bool is_idle() const;

  // Fixed after construction.
  ServerContext& server_;
  Loop& loop_;
  const ServerLimits& limits_;
  const Peer peer_;
  const std::unique_ptr<Stream> stream_;
  const LoopTime started_;
  const std::chrono::milliseconds check_interval_;
  // Reader and writer.
  Http2Output output_;
  Http2Session session_;
  std::vector<Http2Stream*> fresh_;
  Wakeup wake_writer_;
  Wakeup ended_;  ///< the writer, or a handler
  ProgressMeter send_progress_;
  std::size_t turn_bytes_ = 0;
  std::size_t running_count_ = 0;  ///< coroutines of handlers
  bool is_writing_ = false;        ///< the writer waits for the socket, or for its turn
  bool has_writer_ = false;
  bool is_reading_over_ = false;
  bool is_broken_ = false;  ///< nothing more can be sent or received
  bool is_lingering_ = false;
  // Deadlines.
  std::optional<LoopTime> blocked_since_;
  LoopTime idle_since_;
  std::optional<LoopTime> drained_since_;
  std::size_t requests_when_armed_ = 0;
  bool was_idle_ = false;
  bool is_armed_for_checks_ = false;
  bool is_ended_ = false;  ///< the session has been told that no further stream is taken
};

Http2Connection::Http2Connection(ServerContext& server, Loop& loop, std::unique_ptr<Stream> stream, Peer peer)
    : server_(server),
      loop_(loop),
      limits_(server.limits),
      peer_(std::move(peer)),
      stream_(std::move(stream)),
      started_(loop.now()),
      check_interval_(check_interval_of(server.limits)),
      output_(loop),
      session_(server, loop, peer_, *this),
      send_progress_(server.limits.minimum_bytes_per_second, server.limits.progress_window),
      idle_since_(started_) {
  loop_.add(*this);
  loop_.set_due(*this, check_interval_);
}

Task<> Http2Connection::run(Http2Start before) {
  server_.metrics.http2_connections.add();
  has_writer_ = true;
  boost::asio::co_spawn(loop_.context(), write(), [this](const std::exception_ptr& error) {
    has_writer_ = false;
    if (error) break_off(Stream::Abort::close);
    ended_.wake();
  });
  // Whatever happens, the connection stays until nobody uses it any more.
  std::exception_ptr error;
  try {
    const bool goes_on = start(std::move(before));
    if (goes_on) co_await read();
  } catch (...) {
    error = std::current_exception();
  }
  if (error) break_off(Stream::Abort::close);
  is_reading_over_ = true;
  wake_writer_.wake();
  while (has_writer_) co_await ended_.wait();
  // Handlers hold on to their streams; what they wait for elsewhere may write into their frames.
  session_.close_streams();
  while (running_count_ > 0) co_await ended_.wait();
  session_.on_sent();
  if (error) std::rethrow_exception(error);
  if (!is_broken_) co_await linger();
}

bool Http2Connection::start(Http2Start before) {
  if (server_.is_draining()) on_drain();
  if (before.upgrade) {
    if (!session_.greet_upgraded(before.upgrade->settings, std::move(before.upgrade->request))) return false;
    start_handlers();
  } else {
    session_.greet();
  }
  flush_soon();
  return before.received.empty() || take(std::as_bytes(std::span(before.received)));
}

Task<> Http2Connection::read() {
  while (!is_broken_ && !session_.is_over()) {
    switch (receive_now()) {
      case Received::end:
        co_return;
      case Received::buffer_full:
        co_await boost::asio::post(loop_.context(), boost::asio::use_awaitable);
        break;
      case Received::some:
      case Received::nothing: {
        if (is_broken_ || session_.is_over()) co_return;
        const int error = co_await stream_->wait_readable();
        // Cancelled: something has changed that ends the connection, or does not.
        if (error != 0 && error != ECANCELED) break_off(Stream::Abort::close);
        break;
      }
    }
  }
}

Http2Connection::Received Http2Connection::receive_now() {
  LoopBuffer buffer = loop_.borrow_buffer();
  const IoResult result = stream_->read_now({buffer.get(), Loop::kBufferBytes});
  Received received = Received::some;
  if (result.error == EAGAIN) {
    received = Received::nothing;
  } else if (result.error != 0 || result.bytes == 0) {
    // The client can neither ask for more nor open a window, so streams that are left cannot end well.
    break_off(Stream::Abort::close);
    received = Received::end;
  } else {
    loop_.count_received(result.bytes);
    if (!take({buffer.get(), result.bytes})) {
      received = Received::end;
    } else if (result.bytes == Loop::kBufferBytes) {
      received = Received::buffer_full;
    }
  }
  loop_.give_back(std::move(buffer));
  return received;
}

bool Http2Connection::take(std::span<const std::byte> bytes) {
  const bool goes_on = session_.receive(bytes);
  start_handlers();
  if (session_.request_count() >= limits_.requests_per_connection) on_drain();
  end_when_known();
  flush_if_possible();
  arm();
  return goes_on;
}

void Http2Connection::start_handlers() {
  session_.take_requests(fresh_);
  for (Http2Stream* stream : fresh_) {
    ++running_count_;
    boost::asio::co_spawn(loop_.context(), handle(*stream), [this](const std::exception_ptr& error) {
      --running_count_;
      ended_.wake();
      if (error) std::rethrow_exception(error);  // want of memory; the loop writes it down
    });
  }
}

Task<> Http2Connection::write() {
  for (;;) {
    switch (flush()) {
      case Flushed::broken:
        co_return;
      case Flushed::all:
        arm();
        if (session_.is_over()) stream_->cancel();  // the reader has nothing to wait for
        if (is_reading_over_) co_return;
        co_await wake_writer_.wait();
        end_when_known();
        break;
      case Flushed::blocked: {
        is_writing_ = true;
        const int error = co_await stream_->wait();
        is_writing_ = false;
        if (error != 0 && error != ECANCELED) break_off(Stream::Abort::close);
        break;
      }
      case Flushed::turn_over:
        is_writing_ = true;
        co_await boost::asio::post(loop_.context(), boost::asio::use_awaitable);
        is_writing_ = false;
        break;
    }
  }
}

Http2Connection::Flushed Http2Connection::flush() {
  while (!is_broken_) {
    if (output_.empty() && !session_.gather(output_)) break_off(Stream::Abort::close);
    if (output_.empty()) {
      output_.release();
      session_.on_sent();  // streams without an answer may have ended
      return is_broken_ ? Flushed::broken : Flushed::all;
    }
    const std::span<const std::byte> pending = output_.pending();
    const iovec piece{const_cast<std::byte*>(pending.data()), pending.size()};
    const IoResult result = stream_->write_now({&piece, 1}, MoreFollows::no);
    if (result.error == EAGAIN) {
      if (!blocked_since_) blocked_since_ = loop_.now();
      return Flushed::blocked;
    }
    if (result.error != 0) {
      break_off(Stream::Abort::close);
      break;
    }
    loop_.count_sent(result.bytes);
    output_.consume(result.bytes);
    if (output_.empty()) session_.on_sent();
    const auto waited = loop_.now() - std::exchange(blocked_since_, std::nullopt).value_or(loop_.now());
    if (!send_progress_.add(waited, result.bytes)) {
      server_.metrics.timeouts_write.add();
      break_off(Stream::Abort::reset);
      break;
    }
    turn_bytes_ += result.bytes;
    if (turn_bytes_ >= kTurnBytes) {
      turn_bytes_ = 0;
      return Flushed::turn_over;
    }
  }
  return Flushed::broken;
}

void Http2Connection::flush_if_possible() {
  if (is_writing_) return;
  // What is left is the writer's: it finds out by itself how matters stand.
  if (flush() != Flushed::all) wake_writer_.wake();
}

Task<> Http2Connection::handle(Http2Stream& stream) {
  std::exception_ptr error;
  try {
    co_await answer(stream);
  } catch (...) {
    error = std::current_exception();
  }
  session_.on_handler_end(stream);
  if (error) std::rethrow_exception(error);
}

Task<> Http2Connection::answer(Http2Stream& stream) {
  server_.metrics.requests_in_flight.add(1);
  std::optional<Response> response = co_await call_handler(stream);
  server_.metrics.requests_in_flight.add(-1);
  if (stream.body->is_too_slow()) server_.metrics.timeouts_body.add();
  session_.answer(stream, std::move(response));
  if (!stream.answer.is_stream()) co_return;
  for (;;) {
    const bool goes_on = co_await stream.answer.read_on();
    if (!goes_on) break;
    session_.resume(stream);
  }
  if (!stream.answer.stream_failure().empty()) session_.break_off(stream, stream.answer.stream_failure());
}

Task<std::optional<Response>> Http2Connection::call_handler(Http2Stream& stream) {
  if (stream.is_for_server) co_return Response::empty(200);
  std::exception_ptr error;
  try {
    co_return co_await server_.handler(stream.request);
  } catch (...) {
    error = std::current_exception();
  }
  const BodyPace pace = stream.body->is_too_slow() ? BodyPace::too_slow : BodyPace::fine;
  co_return answer_to_failure(server_.log, stream.request, error, pace);
}

/// Clients of HTTP/2 go on sending (windows, acknowledgements) while they take what is on its way to them. Closing with
/// that unread makes the kernel send a reset, which takes from a slow client what it has not received yet.
Task<> Http2Connection::linger() {
  stream_->shutdown_send();
  is_lingering_ = true;
  std::array<std::byte, 4096> scratch;
  std::uint64_t left = limits_.drain_bytes;
  std::size_t unacknowledged = stream_->unacknowledged();
  LoopTime moved_at = loop_.now();
  loop_.set_due(*this, limits_.drain_time);
  while (left > 0 && !is_broken_) {
    const IoResult result = co_await stream_->discard_some(scratch);
    if (result.error == 0 && result.bytes > 0) {
      loop_.count_received(result.bytes);
      left -= std::min<std::uint64_t>(left, result.bytes);
      continue;
    }
    if (result.error != ECANCELED) break;  // its end
    const std::size_t before = std::exchange(unacknowledged, stream_->unacknowledged());
    if (unacknowledged < before) moved_at = loop_.now();
    if (unacknowledged == 0 || loop_.now() - moved_at >= limits_.write_stall_time) break;
    loop_.set_due(*this, limits_.drain_time);
  }
  loop_.clear_due(*this);
}

void Http2Connection::on_drain() {
  if (drained_since_) return;
  drained_since_ = loop_.now();
  session_.announce_end();
  arm();
}

void Http2Connection::end_when_known() {
  if (!drained_since_ || is_ended_) return;
  if (!session_.is_end_known() && loop_.now() - *drained_since_ < kEndNotice) return;
  is_ended_ = true;
  session_.end();
}

void Http2Connection::break_off(Stream::Abort how) {
  if (std::exchange(is_broken_, true)) return;
  stream_->abort(how);
  session_.close_streams();
  wake_writer_.wake();
}

void Http2Connection::on_due() {
  if (is_lingering_) return stream_->cancel();
  if (is_broken_) return;
  is_armed_for_checks_ = false;
  check_deadlines();
  arm();
}

void Http2Connection::check_deadlines() {
  const LoopTime now = loop_.now();
  if (blocked_since_ && now - *blocked_since_ >= limits_.write_stall_time) {
    server_.metrics.timeouts_write.add();
    return break_off(Stream::Abort::reset);
  }
  const auto head_since = session_.is_greeted() ? session_.head_since() : std::optional(started_);
  if (head_since && now - *head_since >= limits_.header_time) {
    server_.metrics.timeouts_header.add();
    return session_.terminate();
  }
  session_.check_time();
  end_when_known();
  if (!is_idle() || now - idle_since_ < limits_.idle_time) return;
  server_.metrics.timeouts_idle.add();
  session_.terminate();
}

/// A busy connection looks at the time every now and then; an idle one sleeps until it has been idle for too long.
void Http2Connection::arm() {
  if (is_broken_ || is_lingering_) return;
  const std::size_t requests = session_.request_count();
  const bool has_worked = std::exchange(requests_when_armed_, requests) != requests || !was_idle_;
  was_idle_ = is_idle();
  if (has_worked || !was_idle_) idle_since_ = loop_.now();
  if (was_idle_) {
    const auto left = idle_since_ + limits_.idle_time - loop_.now();
    loop_.set_due(*this, std::chrono::ceil<std::chrono::milliseconds>(left));
  } else if (!is_armed_for_checks_) {
    loop_.set_due(*this, check_interval_);
  }
  is_armed_for_checks_ = !was_idle_;
}

bool Http2Connection::is_idle() const {
  return session_.is_idle() && session_.is_greeted() && !session_.head_since() && output_.empty() && !drained_since_;
}

}  // namespace

Task<> serve_http2(ServerContext& server, Loop& loop, std::unique_ptr<Stream> stream, Peer peer, Http2Start start) {
  Http2Connection connection(server, loop, std::move(stream), std::move(peer));
  co_await connection.run(std::move(start));
}

}  // namespace berth::http
