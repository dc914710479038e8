// The head of an HTTP/2 answer as nghttp2 takes it: :status and the fields, without those that belong to HTTP/1 alone.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "net/headers.h"

namespace berth::http {

/// Reused from one answer to the next. Names and values are not copied: they stay until nghttp2 has taken the span.
class Http2Fields {
 public:
  /// The handler's own Connection, Content-Length, Transfer-Encoding, Date and X-Request-Id are left out, and so is
  /// what RFC 9113, 8.2.2 forbids.
  void set(unsigned status, const Headers& fields, std::optional<std::uint64_t> content_length);
  /// The same with the Content-Length among the fields, as a PreparedAnswer has it.
  void set_prepared(unsigned status, const Headers& fields);
  void add_date_and_id(std::string_view date, std::string_view request_id);

  std::span<const nghttp2_nv> view() const { return fields_; }

 private:
  void start(unsigned status);
  void add(std::string_view name, std::string_view value);

  std::vector<nghttp2_nv> fields_;
  std::array<char, 3> status_;
  std::array<char, 20> length_;
};

}  // namespace berth::http
