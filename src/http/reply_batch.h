// ReplyBatch: prepared answers of one connection, gathered until they leave in one write.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "http/loop.h"
#include "http/quick_answer.h"

namespace berth::http {

/// Heads and small bodies are copied one behind the other, which costs less than a piece of a gathered write for each.
///
/// Threading, lifetime: of one connection. Holds memory of the loop only while it holds answers.
class ReplyBatch {
 public:
  explicit ReplyBatch(Loop& loop) : loop_(loop) {}

  bool empty() const { return filled_ == 0; }
  /// The next answer may not fit: send first.
  bool is_full(const PreparedAnswer& next) const;
  /// Adds the head and, for GET, a body in memory that is small. The request id it gave, until the batch is cleared.
  std::string_view add(const PreparedAnswer& answer, Method method);
  std::string_view bytes() const { return {reinterpret_cast<const char*>(buffer_.get()), filled_}; }
  /// What must be sent behind the bytes before anything else: a large body, or a file. Null if there is none.
  const ByteSource* body_to_follow() const { return body_to_follow_ ? &*body_to_follow_ : nullptr; }
  /// Everything is out, or nothing more will be.
  void clear();

 private:
  char* text() { return reinterpret_cast<char*>(buffer_.get()); }

  Loop& loop_;
  LoopBuffer buffer_;
  std::size_t filled_ = 0;
  std::optional<ByteSource> body_to_follow_;
};

}  // namespace berth::http
