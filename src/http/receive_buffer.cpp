#include "http/receive_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace berth::http {

void ReceiveBuffer::consume(std::size_t count) {
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

void ReceiveBuffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  auto grown = std::make_unique_for_overwrite<char[]>(capacity);
  const std::size_t held = size();
  if (held > 0) std::memcpy(grown.get(), bytes_.get() + begin_, held);
  bytes_ = std::move(grown);
  capacity_ = capacity;
  begin_ = 0;
  end_ = held;
}

std::span<std::byte> ReceiveBuffer::prepare(std::size_t limit) {
  if (capacity_ == 0) {
    bytes_ = loop_.borrow_page();
    capacity_ = Loop::kPageBytes;
  }
  if (begin_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_ && capacity_ < limit) reserve(std::min(capacity_ * 2, limit));
  return std::as_writable_bytes(std::span(bytes_.get() + end_, capacity_ - end_));
}

void ReceiveBuffer::release() {
  if (!empty() || capacity_ == 0) return;
  if (capacity_ == Loop::kPageBytes) {
    loop_.give_back(std::move(bytes_));
  } else {
    bytes_.reset();
  }
  capacity_ = 0;
}

}  // namespace berth::http
