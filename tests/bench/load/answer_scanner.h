// AnswerScanner: finds the end of an HTTP/1.1 answer and whether it is the expected one, at the least cost: the driver
// shares the cores with the server it measures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::bench {

inline constexpr std::uint64_t kAnyLength = ~std::uint64_t{0};

/// Scans one answer after the other. Requests are not pipelined, so that nothing may follow an answer.
class AnswerScanner {
 public:
  /// Before each request. `body_bytes` is what Content-Length must say, or kAnyLength.
  void expect(std::uint64_t body_bytes, bool has_body);

  /// Takes what came; true when the answer is whole. Throws std::runtime_error at what is no answer with a
  /// Content-Length.
  bool take(std::string_view bytes);

  /// Counts bytes of the body that were dropped unseen; true when the answer is whole.
  bool skip(std::uint64_t bytes);

  bool is_in_body() const { return is_head_read_; }
  std::uint64_t body_bytes_left() const { return body_bytes_left_; }
  /// Of all answers so far, whole or not.
  std::uint64_t body_bytes_seen() const { return body_bytes_seen_; }

  /// Of a whole answer: a status of 2xx and the expected length.
  bool is_as_expected() const { return is_as_expected_; }
  /// The head of the last answer that was not as expected.
  const std::string& bad_head() const { return bad_head_; }

 private:
  void read_head(std::string_view head);

  std::uint64_t expected_body_bytes_ = kAnyLength;
  std::uint64_t body_bytes_left_ = 0;
  std::uint64_t body_bytes_seen_ = 0;
  bool has_body_ = true;
  bool is_head_read_ = false;
  bool is_as_expected_ = false;
  std::string begun_head_;  ///< the part that came before the rest of it
  std::string bad_head_;
};

}  // namespace berth::bench
