#include "http/http2_output.h"

#include <cstring>
#include <utility>

namespace berth::http {

void Http2Output::append(std::span<const std::byte> bytes) {
  std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
}

std::byte* Http2Output::extend(std::size_t count) {
  if (!buffer_) buffer_ = loop_.borrow_buffer();
  std::byte* room = buffer_.get() + end_;
  end_ += count;
  return room;
}

void Http2Output::consume(std::size_t count) {
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Http2Output::release() {
  if (buffer_ && empty()) loop_.give_back(std::exchange(buffer_, nullptr));
}

}  // namespace berth::http
