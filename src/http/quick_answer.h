// QuickAnswer: an answer that was prepared beforehand and needs no waiting. It is looked up before anything of the
// request is copied or decoded, and its fields are bytes ready to be sent.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "async/byte_source.h"
#include "http/request.h"
#include "net/headers.h"

namespace berth::http {

/// One field where it lies in the connection's buffer: name, then value without the space around it.
using FieldView = std::pair<std::string_view, std::string_view>;

/// A GET or HEAD as it came, without a body, a range or a condition. Lifetime: of the call.
struct RequestView {
  Method method = Method::get;
  std::string_view target;  ///< as it came: path and query, not decoded
  std::span<const FieldView> fields;
  std::string_view host;
  std::string_view peer_address;
  bool is_tls = false;
  const PeerCertificate* certificate = nullptr;  ///< as Request's

  /// The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const {
    for (const auto& [field, value] : fields) {
      if (equals_ignoring_case(field, name)) return value;
    }
    return std::nullopt;
  }
};

/// Immutable; any thread may read and send it, many at a time.
struct PreparedAnswer {
  unsigned status = 200;
  /// Every field but Date, X-Request-Id and the connection's own, in order; Content-Length is among them.
  Headers fields = {};
  /// The same as HTTP/1 sends it: the status line and the fields, each with its line end; the empty line is missing.
  std::string http1_head = {};
  /// Sent to a GET; a HEAD gets the head alone.
  ByteSource body = {};
};

struct QuickAnswer {
  std::shared_ptr<const PreparedAnswer> prepared = {};  ///< null: the request goes the long way, through the Handler
  std::shared_ptr<const std::string> user = {};         ///< for the access log; null is "-"
  std::string client_address = {};                      ///< for the access log; empty: the connection's peer
};

/// Threading: called on the connection's loop. Never waits, never throws.
using QuickHandler = std::function<QuickAnswer(const RequestView&)>;

}  // namespace berth::http
