// Response: what a handler answers. The connection adds Date, Connection, Content-Length and transfer coding.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "async/byte_reader.h"
#include "async/byte_source.h"
#include "async/task.h"
#include "http/request.h"
#include "net/headers.h"

namespace berth::http {

/// Pieces sent one after the other; their sizes add up to Content-Length. Multipart ranges are several.
using BodyPieces = std::vector<ByteSource>;
/// A body of unknown length, read until its end: chunked on HTTP/1.1, closed after on HTTP/1.0. If the reader throws,
/// the connection is broken off so that the client sees an incomplete answer.
using BodyStream = std::unique_ptr<ByteReader>;

struct Response {
  unsigned status = 200;
  Headers headers = {};
  std::variant<BodyPieces, BodyStream> body = {};
  /// The length that GET would have sent, for HEAD answers made without the bytes.
  std::optional<std::uint64_t> head_length = {};
  /// For the access log's user column; empty is "-".
  std::string user = {};

  /// An answer with these bytes and this type.
  static Response text(unsigned status, std::string content_type, std::string body);
  /// An answer without a body; Content-Length: 0 is sent unless the status forbids it (1xx, 204, 304).
  static Response empty(unsigned status);
};

/// Threading: called on the connection's loop. What it throws becomes a 500 and a log line; handlers of api/ catch
/// before.
using Handler = std::function<Task<Response>(Request&)>;

}  // namespace berth::http
