#include "http/http2_body.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/failure.h"

namespace berth::http {
namespace {

constexpr std::size_t kFirstBytes = 16 * 1024;

}  // namespace

Http2Body::Http2Body(Http2BodyWindow& window, const Loop& loop, const ServerLimits& limits)
    : window_(window),
      loop_(loop),
      limits_(limits),
      progress_(limits.minimum_bytes_per_second, limits.progress_window) {}

Task<std::size_t> Http2Body::read(std::span<std::byte> into) {
  if (into.empty()) co_return 0;
  // What came before the client went away is handed out all the same: an upload can be resumed behind it.
  if (begin_ != end_) {
    const std::size_t count = take_kept(into);
    hand_out(count);
    co_return count;
  }
  if (state_ == State::broken) fail();
  if (state_ == State::ended) co_return 0;
  if (expects_continue_) window_.say_continue();
  expects_continue_ = false;
  into_ = into;
  waiting_since_ = loop_.now();
  while (filled_ == 0 && state_ == State::open) co_await wakeup_.wait();
  into_ = {};
  const std::size_t count = std::exchange(filled_, 0);
  if (count == 0) {
    if (state_ == State::broken) fail();
    co_return 0;
  }
  hand_out(count);
  if (!progress_.add(loop_.now() - waiting_since_, count)) {
    is_too_slow_ = true;
    state_ = State::broken;
    fail();
  }
  co_return count;
}

void Http2Body::put(std::span<const std::byte> bytes) {
  expects_continue_ = false;  // a client that has begun to send does not wait (RFC 9110, 10.1.1)
  if (state_ != State::open || bytes.empty()) return;
  const std::size_t direct = std::min(bytes.size(), into_.size() - filled_);
  // Only while nothing is kept: the order of the bytes is theirs.
  if (direct > 0) {
    std::memcpy(into_.data() + filled_, bytes.data(), direct);
    filled_ += direct;
    wakeup_.wake();
  }
  keep(bytes.subspan(direct));
}

void Http2Body::end() {
  if (state_ == State::open) state_ = State::ended;
  wakeup_.wake();
}

void Http2Body::break_off() {
  if (state_ == State::ended) return;
  state_ = State::broken;
  wakeup_.wake();
}

void Http2Body::check_time(Client client) {
  const bool is_waiting = !into_.empty() && filled_ == 0 && state_ == State::open;
  if (!is_waiting) return;
  if (client == Client::is_held_back) waiting_since_ = loop_.now();
  if (loop_.now() - waiting_since_ < limits_.body_stall_time) return;
  is_too_slow_ = true;
  state_ = State::broken;
  wakeup_.wake();
}

std::size_t Http2Body::take_kept(std::span<std::byte> into) {
  const std::size_t count = std::min(into.size(), end_ - begin_);
  std::memcpy(into.data(), bytes_.get() + begin_, count);
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
  return count;
}

void Http2Body::keep(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const std::size_t held = end_ - begin_;
  if (capacity_ - end_ < bytes.size()) {
    if (capacity_ - held < bytes.size()) {
      // The client cannot send more than its window, so neither does this grow further.
      capacity_ = std::max({kFirstBytes, 2 * capacity_, held + bytes.size()});
      auto grown = std::make_unique_for_overwrite<std::byte[]>(capacity_);
      if (held > 0) std::memcpy(grown.get(), bytes_.get() + begin_, held);
      bytes_ = std::move(grown);
    } else {
      std::memmove(bytes_.get(), bytes_.get() + begin_, held);
    }
    begin_ = 0;
    end_ = held;
  }
  std::memcpy(bytes_.get() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

std::size_t Http2Body::drop_kept() {
  const std::size_t count = end_ - begin_;
  begin_ = end_ = 0;
  bytes_.reset();
  capacity_ = 0;
  return count;
}

void Http2Body::hand_out(std::size_t count) {
  byte_count_ += count;
  window_.open_window(count);
}

void Http2Body::fail() const {
  throw Failure(FailureKind::interrupted,
                is_too_slow_ ? "the body came too slowly" : "the client went away before the end of the body");
}

}  // namespace berth::http
