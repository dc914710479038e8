// The header list of an HTTP/2 request (RFC 9113, 8.3): gathered, held to the same rules as the head of HTTP/1, and
// made a Request. nghttp2 has checked names, values and the order of pseudo-header fields before. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/http1_head.h"
#include "http/quick_answer.h"
#include "http/request.h"

namespace berth::http {

enum class EndOfStream { no, yes };

/// What a header list says, where it lies: views into the Http2Head.
struct Http2HeadView {
  Method method = Method::get;
  std::string_view method_text;
  std::string_view target;  ///< :path as it came
  std::string_view host;    ///< :authority, or the Host field in its place
  std::vector<FieldView> fields;
  std::optional<std::uint64_t> content_length;  ///< nothing: the end of the stream is the end of the body
  bool expects_continue = false;
  /// A GET or HEAD without body, range, condition or expectation.
  bool is_simple_read = false;
};

struct Http2Request {
  Request request;             ///< without peer, id and body
  bool is_for_server = false;  ///< "OPTIONS *"
};

/// Gathers one header list after the other in the same memory. What is too large is counted but not kept.
class Http2Head {
 public:
  explicit Http2Head(std::size_t list_limit) : limit_(list_limit) {}

  void clear();
  void add(std::string_view name, std::string_view value);
  /// Names, values and 32 a field (RFC 9113, 6.5.2), of all that came.
  std::size_t list_bytes() const { return list_bytes_; }
  bool is_too_large() const { return list_bytes_ > limit_; }

  /// Holds the list to the rules that need no decoding. `view` is valid until clear().
  std::optional<HeadRefusal> look(std::size_t target_limit, EndOfStream end, Http2HeadView& view) const;

 private:
  struct Extent {
    std::size_t begin = 0;
    std::size_t name_size = 0;
    std::size_t value_size = 0;
  };

  std::size_t limit_;
  std::string bytes_;
  std::vector<Extent> fields_;
  std::size_t list_bytes_ = 0;
};

/// Copies what a handler needs and decodes the target, once.
std::expected<Http2Request, HeadRefusal> make_request(const Http2HeadView& view);

}  // namespace berth::http
