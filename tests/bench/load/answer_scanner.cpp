#include "tests/bench/load/answer_scanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace berth::bench {
namespace {

constexpr std::size_t kMaxHeadBytes = 64 * 1024;
constexpr std::string_view kContentLength = "content-length:";

/// The length of the head with its empty line, or 0 if that has not come. Goes from line to line, since memchr is
/// faster than any search for two line ends.
std::size_t find_head_end(std::string_view text) {
  std::size_t at = 0;
  while (const void* found = std::memchr(text.data() + at, '\n', text.size() - at)) {
    at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + 1;
    if (text.substr(at).starts_with("\r\n")) return at + 2;
  }
  return 0;
}

bool begins_with_content_length(std::string_view line) {
  if (line.size() <= kContentLength.size()) return false;
  for (std::size_t i = 0; i < kContentLength.size(); ++i) {
    if ((line[i] | 0x20) != (kContentLength[i] | 0x20)) return false;
  }
  return true;
}

std::optional<std::uint64_t> find_content_length(std::string_view head) {
  std::size_t at = 0;
  while (const void* found = std::memchr(head.data() + at, '\n', head.size() - at)) {
    at = static_cast<std::size_t>(static_cast<const char*>(found) - head.data()) + 1;
    if (!begins_with_content_length(head.substr(at))) continue;
    const std::size_t digits = std::min(head.find_first_not_of(' ', at + kContentLength.size()), head.size());
    std::uint64_t length = 0;
    if (std::from_chars(head.data() + digits, head.data() + head.size(), length).ec == std::errc()) return length;
  }
  return std::nullopt;
}

}  // namespace

void AnswerScanner::expect(std::uint64_t body_bytes, bool has_body) {
  expected_body_bytes_ = body_bytes;
  has_body_ = has_body;
  is_head_read_ = false;
  body_bytes_left_ = 0;
}

bool AnswerScanner::take(std::string_view bytes) {
  if (is_head_read_) return skip(bytes.size());
  if (!begun_head_.empty()) {
    begun_head_.append(bytes);
    bytes = begun_head_;
  }
  const std::size_t head_end = find_head_end(bytes);
  if (head_end == 0) {
    if (bytes.size() > kMaxHeadBytes) throw std::runtime_error("an answer without end of its head");
    if (begun_head_.empty()) begun_head_ = bytes;
    return false;
  }
  read_head(bytes.substr(0, head_end));
  const std::size_t of_body = bytes.size() - head_end;
  begun_head_.clear();
  return skip(of_body);
}

void AnswerScanner::read_head(std::string_view head) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (head.size() < kVersion.size() + 3 || !head.starts_with(kVersion)) {
    throw std::runtime_error(fmt::format("not an HTTP answer: {}", head.substr(0, 80)));
  }
  is_head_read_ = true;
  const std::optional<std::uint64_t> length = find_content_length(head);
  if (!length) throw std::runtime_error(fmt::format("an answer without Content-Length: {}", head));
  is_as_expected_ =
      head[kVersion.size()] == '2' && (expected_body_bytes_ == kAnyLength || expected_body_bytes_ == *length);
  if (!is_as_expected_) bad_head_ = head;
  body_bytes_left_ = has_body_ ? *length : 0;
}

bool AnswerScanner::skip(std::uint64_t bytes) {
  if (bytes > body_bytes_left_) throw std::runtime_error("more bytes than the answer has");
  body_bytes_left_ -= bytes;
  body_bytes_seen_ += bytes;
  return body_bytes_left_ == 0;
}

}  // namespace berth::bench
