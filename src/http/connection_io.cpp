#include "http/connection_io.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace berth::http {
namespace {

/// What one connection may send before the others of its loop have their turn.
constexpr std::size_t kTurnBytes = 1024 * 1024;
/// sendmsg(2) takes no more pieces at a time (IOV_MAX); fewer than that bring nothing.
constexpr std::size_t kPiecesAtOnce = 64;

void drop_front(std::span<iovec>& pieces, std::size_t count) {
  while (!pieces.empty() && count >= pieces.front().iov_len) {
    count -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (count == 0) return;
  pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + count;
  pieces.front().iov_len -= count;
}

}  // namespace

ConnectionIo::ConnectionIo(std::unique_ptr<Stream> stream, Loop& loop, const ServerLimits& limits)
    : loop_(loop),
      limits_(limits),
      stream_(std::move(stream)),
      send_progress_(limits.minimum_bytes_per_second, limits.progress_window) {
  loop_.add(*this);
}

ConnectionIo::~ConnectionIo() {
  loop_.remove(*this);
}

void ConnectionIo::start_deadline(std::chrono::milliseconds limit) {
  is_expired_ = false;
  loop_.set_due(*this, limit);
}

void ConnectionIo::on_due() {
  is_expired_ = true;
  stream_->cancel();
}

void ConnectionIo::on_drain() {
  if (rest_ == Rest::idle && !has_bytes()) stream_->abort(Stream::Abort::close);
}

void ConnectionIo::on_cut() {
  stream_->abort(Stream::Abort::close);
}

bool ConnectionIo::on_look() {
  if (rest_ == Rest::none) return false;
  if (!stream_->is_at_end()) return true;
  is_woken_ = true;
  stream_->cancel();
  return true;
}

bool ConnectionIo::on_move(Loop& to) {
  if (rest_ != Rest::idle || is_expired_) return false;
  wanted_loop_ = &to;
  stream_->cancel();
  return true;
}

Task<IoResult> ConnectionIo::handshake() {
  rest_ = Rest::idle;
  const IoResult result = co_await stream_->handshake();
  rest_ = Rest::none;
  co_return result;
}

Task<IoResult> ConnectionIo::read_some(std::span<std::byte> into) {
  // The deadline may have passed while the loop was about to come here, with nothing to cancel.
  if (is_expired_) co_return IoResult{0, ECANCELED};
  const IoResult result = co_await stream_->read_some(into);
  loop_.count_received(result.bytes);
  co_return result;
}

IoResult ConnectionIo::read_now(std::span<std::byte> into) {
  const IoResult result = stream_->read_now(into);
  if (result.bytes > 0) loop_.look_again(*this);
  loop_.count_received(result.bytes);
  return result;
}

IoResult ConnectionIo::write_now(std::span<const iovec> pieces) {
  const IoResult result = stream_->write_now(pieces, MoreFollows::no);
  loop_.count_sent(result.bytes);
  turn_bytes_ += result.bytes;
  return result;
}

bool ConnectionIo::is_turn_over() const {
  return turn_bytes_ >= kTurnBytes;
}

Task<SendResult> ConnectionIo::send(std::string_view bytes) {
  std::vector<iovec> pieces{{const_cast<char*>(bytes.data()), bytes.size()}};
  co_return co_await send(pieces, MoreFollows::no);
}

Task<SendResult> ConnectionIo::send(std::vector<iovec>& pieces, MoreFollows more) {
  return send_rest(pieces, 0, more);
}

Task<SendResult> ConnectionIo::send_rest(std::vector<iovec>& pieces, std::size_t skip, MoreFollows more) {
  std::span<iovec> left(pieces);
  drop_front(left, skip);
  while (!left.empty()) {
    const LoopTime before = loop_.now();
    start_deadline(limits_.write_stall_time);
    const bool is_whole = left.size() <= kPiecesAtOnce;
    const IoResult result = co_await stream_->write_some(left.first(std::min(left.size(), kPiecesAtOnce)),
                                                         is_whole ? more : MoreFollows::yes);
    end_deadline();
    if (result.error != 0) co_return failure_of_send();
    loop_.count_sent(result.bytes);
    drop_front(left, result.bytes);
    if (!send_progress_.add(loop_.now() - before, result.bytes)) co_return SendResult::too_slow;
    co_await be_fair(result.bytes);
  }
  pieces.clear();
  co_return SendResult::sent;
}

Task<SendResult> ConnectionIo::send_file(const FileRegion& region, MoreFollows more) {
  if (!stream_->sends_files()) co_return co_await send_file_by_copying(region, more);
  std::uint64_t offset = region.offset;
  std::uint64_t left = region.length;
  while (left > 0) {
    const LoopTime before = loop_.now();
    start_deadline(limits_.write_stall_time);
    const IoResult result = co_await stream_->send_file_some(
        region.file->get(), offset, static_cast<std::size_t>(std::min<std::uint64_t>(left, kTurnBytes)));
    end_deadline();
    if (result.error == EIO || result.error == EINVAL || result.error == EBADF) co_return SendResult::source_short;
    if (result.error != 0) co_return failure_of_send();
    if (result.bytes == 0) co_return SendResult::source_short;
    loop_.count_sent(result.bytes);
    offset += result.bytes;
    left -= result.bytes;
    if (!send_progress_.add(loop_.now() - before, result.bytes)) co_return SendResult::too_slow;
    co_await be_fair(result.bytes);
  }
  co_return SendResult::sent;
}

Task<SendResult> ConnectionIo::send_file_by_copying(const FileRegion& region, MoreFollows more) {
  LoopBuffer buffer = loop_.borrow_buffer();
  std::vector<iovec> pieces;
  std::uint64_t offset = region.offset;
  std::uint64_t left = region.length;
  SendResult sent = SendResult::sent;
  while (left > 0 && sent == SendResult::sent) {
    // The first read ends at a multiple of the buffer's size, so that all others are aligned.
    const std::uint64_t to_boundary = Loop::kBufferBytes - offset % Loop::kBufferBytes;
    const auto wanted = static_cast<std::size_t>(std::min(left, to_boundary));
    const ssize_t count = ::pread(region.file->get(), buffer.get(), wanted, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      sent = SendResult::source_short;
      break;
    }
    offset += static_cast<std::uint64_t>(count);
    left -= static_cast<std::uint64_t>(count);
    pieces.push_back({buffer.get(), static_cast<std::size_t>(count)});
    sent = co_await send(pieces, left > 0 ? MoreFollows::yes : more);
  }
  loop_.give_back(std::move(buffer));
  co_return sent;
}

Task<> ConnectionIo::be_fair(std::size_t bytes) {
  turn_bytes_ += bytes;
  if (is_turn_over()) co_await let_others();
}

Task<> ConnectionIo::let_others() {
  start_turn();
  co_await boost::asio::post(loop_.context(), boost::asio::use_awaitable);
}

Task<> ConnectionIo::linger(std::uint64_t bytes, std::chrono::milliseconds time) {
  stream_->shutdown_send();
  std::byte scratch[4096];
  boost::asio::steady_timer end(loop_.context(), time);
  start_deadline(time);
  while (!is_expired_) {
    const IoResult result = co_await stream_->discard_some(scratch);
    if (result.error != 0 || result.bytes == 0) co_return end_deadline();
    loop_.count_received(result.bytes);
    if (result.bytes >= bytes) break;
    bytes -= result.bytes;
  }
  end_deadline();
  // More than we take is on its way, so closing will be a reset. Until then the peer has the time to read the answer:
  // its writes stand still and its reads do not (Go's server waits the same way).
  boost::system::error_code ignored;
  co_await end.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

}  // namespace berth::http
