// ReceiveBuffer: bytes received and not yet used, in one piece.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "http/loop.h"

namespace berth::http {

class ReceiveBuffer {
 public:
  /// Pages come from the loop and go back to it.
  explicit ReceiveBuffer(Loop& loop) : loop_(loop) {}

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t count);

  /// Makes the buffer able to hold `capacity` bytes in all. Views are invalid afterwards.
  void reserve(std::size_t capacity);
  /// The room behind the bytes held, which are moved to the front if need be; grows the buffer up to `limit` bytes if
  /// it is full. Empty if it holds `limit` bytes. Views are invalid afterwards.
  std::span<std::byte> prepare(std::size_t limit);
  void commit(std::size_t count) { end_ += count; }

  /// Gives all memory back, if no byte is held: an idle connection needs none.
  void release();

 private:
  Loop& loop_;
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace berth::http
