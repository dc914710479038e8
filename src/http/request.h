// Request: one HTTP request as a handler sees it, whatever version of HTTP carried it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/byte_reader.h"
#include "http/peer_certificate.h"
#include "net/headers.h"

namespace berth::http {

enum class Method { get, head, post, put, patch, del, options, other };

std::string_view to_string(Method method);
/// By its name, whose case matters; `other` if it is none of these.
Method parse_method(std::string_view name);

/// Query parameters, decoded once ("+" is a space, as forms have it), in order.
class Query {
 public:
  /// Nothing on a malformed escape or one that decodes to NUL or invalid UTF-8.
  static std::optional<Query> parse(std::string_view text);
  std::optional<std::string_view> find(std::string_view name) const;
  std::vector<std::string_view> find_all(std::string_view name) const;
  auto begin() const { return parameters_.begin(); }
  auto end() const { return parameters_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// The path, split at "/" and then decoded once, segment by segment. Never holds an empty, "." or ".." segment, a
/// decoded "/" or NUL, or invalid UTF-8: such targets are refused with 400 or 404 before any handler sees them.
struct Path {
  std::vector<std::string> segments;  ///< "/v2/a/b/tags/list" -> v2 a b tags list
  bool has_trailing_slash = false;    ///< "/v2/" but not "/v2"; "/" has no segments and true
};

/// Threading: belongs to the connection's loop. Lifetime: until the handler's task ends.
struct Request {
  Method method = Method::get;
  std::string method_text;  ///< as it came, for the log and Method::other
  std::string target;       ///< as it came: path and query
  Path path;
  Query query;
  Headers headers;
  /// Of the target if absolute (HTTP/2: of :authority), else the Host field; may be empty (HTTP/1.0).
  std::string host;
  unsigned http_major = 1;
  unsigned http_minor = 1;
  bool is_tls = false;
  /// "127.0.0.1:4711", or "unix". The access log shows what a handler left here: the client's own address, if a proxy
  /// that it trusts has named it.
  std::string peer_address;
  /// Of a client whose certificate was verified; null for all others.
  std::shared_ptr<const PeerCertificate> certificate = {};
  std::string request_id;  ///< ours, unique; in the log and in X-Request-Id of the answer

  /// What the request says of its body's length: nothing if it is chunked. 0 if there is none.
  std::optional<std::uint64_t> content_length = 0;
  /// The body. The first read sends "100 Continue" if the client waits for it, so that everything that can be refused
  /// without the body is refused before.
  ByteReader* body = nullptr;
};

}  // namespace berth::http
