#include "http/body_reader.h"

#include <algorithm>
#include <cstring>

#include "base/failure.h"

namespace berth::http {
namespace {

/// Chunks of 4-32 KiB are usual; this holds several, framing and all, for one system call.
constexpr std::size_t kChunkedBufferBytes = 64 * 1024;

}  // namespace

BodyReader::BodyReader(ConnectionIo& io, ReceiveBuffer& buffer, const RequestHead& head, const ServerLimits& limits)
    : io_(io),
      buffer_(buffer),
      limits_(limits),
      framing_(head.framing),
      fixed_left_(head.body_length),
      progress_(limits.minimum_bytes_per_second, limits.progress_window),
      expects_continue_(head.expects_continue) {}

Task<std::size_t> BodyReader::read(std::span<std::byte> into) {
  if (framing_ == BodyFraming::none || into.empty()) co_return 0;
  if (is_broken_) throw Failure(FailureKind::interrupted, "the body was broken off");
  if (expects_continue_) co_await say_continue();
  std::size_t count = 0;
  if (framing_ == BodyFraming::fixed) {
    count = co_await read_fixed(into);
  } else {
    count = co_await read_chunked(into);
  }
  byte_count_ += count;
  co_return count;
}

Task<std::size_t> BodyReader::read_fixed(std::span<std::byte> into) {
  if (fixed_left_ == 0) co_return 0;
  into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), fixed_left_)));
  std::size_t count = take_from_buffer(into);
  if (count == 0) count = co_await receive(into);
  fixed_left_ -= count;
  co_return count;
}

Task<std::size_t> BodyReader::read_chunked(std::span<std::byte> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    switch (chunks_.state()) {
      case ChunkDecoder::State::done:
        co_return filled;
      case ChunkDecoder::State::malformed:
        if (filled > 0) co_return filled;
        refuse_framing();
      case ChunkDecoder::State::framing: {
        if (!buffer_.empty()) {
          buffer_.consume(chunks_.feed(buffer_.view()));
          break;
        }
        if (filled > 0) co_return filled;
        buffer_.reserve(kChunkedBufferBytes);
        const std::size_t received = co_await receive(buffer_.prepare(kChunkedBufferBytes));
        buffer_.commit(received);
        break;
      }
      case ChunkDecoder::State::data: {
        const std::span<std::byte> rest = into.subspan(filled);
        const std::span<std::byte> wanted =
            rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), chunks_.data_left())));
        std::size_t count = take_from_buffer(wanted);
        if (count == 0) {
          if (filled > 0) co_return filled;
          if (wanted.size() < kChunkedBufferBytes / 2) {
            buffer_.reserve(kChunkedBufferBytes);
            const std::size_t received = co_await receive(buffer_.prepare(kChunkedBufferBytes));
            buffer_.commit(received);
            break;
          }
          count = co_await receive(wanted);
        }
        chunks_.took(count);
        filled += count;
        break;
      }
    }
  }
  co_return filled;
}

std::size_t BodyReader::take_from_buffer(std::span<std::byte> into) {
  const std::size_t count = std::min(into.size(), buffer_.size());
  if (count == 0) return 0;
  std::memcpy(into.data(), buffer_.view().data(), count);
  buffer_.consume(count);
  return count;
}

Task<std::size_t> BodyReader::receive(std::span<std::byte> into) {
  const LoopTime before = io_.loop().now();
  io_.start_deadline(limits_.body_stall_time);
  const IoResult result = co_await io_.read_some(into);
  io_.end_deadline();
  if (result.error != 0 && io_.is_expired()) {
    is_too_slow_ = true;
    interrupt("no byte of the body came for too long");
  }
  if (result.error != 0 || result.bytes == 0) interrupt("the client went away before the end of the body");
  if (!progress_.add(io_.loop().now() - before, result.bytes)) {
    is_too_slow_ = true;
    interrupt("the body came too slowly");
  }
  co_return result.bytes;
}

Task<> BodyReader::say_continue() {
  expects_continue_ = false;
  // A client that has begun to send does not wait (RFC 9110, 10.1.1).
  if (!buffer_.empty()) co_return;
  const SendResult sent = co_await io_.send("HTTP/1.1 100 Continue\r\n\r\n");
  if (sent != SendResult::sent) interrupt("the client went away before its body");
}

bool BodyReader::skip_what_is_at_hand() {
  if (framing_ == BodyFraming::none) return true;
  // A client that still waits for "100 Continue" may or may not send the body after a final status.
  if (is_broken_ || expects_continue_) return false;
  if (framing_ == BodyFraming::fixed) {
    if (fixed_left_ > buffer_.size()) return false;
    buffer_.consume(static_cast<std::size_t>(fixed_left_));
    fixed_left_ = 0;
    return true;
  }
  while (!buffer_.empty() && chunks_.state() != ChunkDecoder::State::done) {
    if (chunks_.state() == ChunkDecoder::State::malformed) return false;
    if (chunks_.state() == ChunkDecoder::State::framing) {
      buffer_.consume(chunks_.feed(buffer_.view()));
    } else {
      const std::uint64_t count = std::min<std::uint64_t>(buffer_.size(), chunks_.data_left());
      buffer_.consume(static_cast<std::size_t>(count));
      chunks_.took(count);
    }
  }
  return chunks_.state() == ChunkDecoder::State::done;
}

void BodyReader::interrupt(const char* why) {
  is_broken_ = true;
  throw Failure(FailureKind::interrupted, why);
}

void BodyReader::refuse_framing() {
  is_broken_ = true;
  throw Failure(FailureKind::body_malformed, "the chunked coding of the body is malformed");
}

}  // namespace berth::http
