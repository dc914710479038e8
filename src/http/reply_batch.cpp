#include "http/reply_batch.h"

#include <cstring>
#include <utility>

namespace berth::http {
namespace {

/// Larger bodies leave from where they lie: one more piece of the write costs less than copying them.
constexpr std::size_t kCopiedBodyBytes = 16 * 1024;

std::size_t copied_body_bytes(const PreparedAnswer& answer) {
  const SharedBytes* memory = answer.body.memory();
  return memory != nullptr && memory->size() <= kCopiedBodyBytes ? memory->size() : 0;
}

}  // namespace

bool ReplyBatch::is_full(const PreparedAnswer& next) const {
  const std::size_t needed = next.http1_head.size() + Loop::kHeadEndBytes + copied_body_bytes(next);
  return body_to_follow_ || (filled_ > 0 && filled_ + needed > Loop::kBufferBytes);
}

std::string_view ReplyBatch::add(const PreparedAnswer& answer, Method method) {
  if (!buffer_) buffer_ = loop_.borrow_buffer();
  std::memcpy(text() + filled_, answer.http1_head.data(), answer.http1_head.size());
  filled_ += answer.http1_head.size();
  filled_ += loop_.write_head_end(text() + filled_);
  // The id is the last thing before the empty line.
  const std::string_view id(text() + filled_ - 4 - kUuidLength, kUuidLength);
  if (method == Method::head || answer.body.size() == 0) return id;
  const std::size_t copied = copied_body_bytes(answer);
  if (copied == 0) {
    body_to_follow_ = answer.body;
  } else {
    std::memcpy(text() + filled_, answer.body.memory()->view().data(), copied);
    filled_ += copied;
  }
  return id;
}

void ReplyBatch::clear() {
  filled_ = 0;
  body_to_follow_.reset();
  if (buffer_) loop_.give_back(std::move(buffer_));
}

}  // namespace berth::http
