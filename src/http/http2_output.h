// Http2Output: frames on their way out, gathered in one piece so that a turn of the loop is one write.
#pragma once

#include <cstddef>
#include <span>

#include "http/loop.h"

namespace berth::http {

/// The memory is the loop's, held only while there is something to send.
/// Threading: the connection's loop.
class Http2Output {
 public:
  /// A frame of 16 KiB with its head: what we send is never larger (RFC 9113, 4.2).
  static constexpr std::size_t kLargestFrame = 16 * 1024 + 9;

  explicit Http2Output(Loop& loop) : loop_(loop) {}

  /// Room for another frame, whatever its size.
  bool has_room() const { return kGatheredBytes - end_ >= kLargestFrame; }
  void append(std::span<const std::byte> bytes);
  /// Room for `count` bytes that the caller fills; drop_last() takes it back.
  std::byte* extend(std::size_t count);
  void drop_last(std::size_t count) { end_ -= count; }

  bool empty() const { return begin_ == end_; }
  std::span<const std::byte> pending() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t count);
  /// Gives the memory back if nothing is pending.
  void release();

 private:
  static constexpr std::size_t kGatheredBytes = Loop::kBufferBytes;

  Loop& loop_;
  LoopBuffer buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace berth::http
