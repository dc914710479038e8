// ApiClient: requests to a handler without a socket, and its answers as text.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/quick_answer.h"
#include "http/response.h"
#include "http/target.h"
#include "tests/support/memory_reader.h"
#include "tests/support/read_all.h"
#include "tests/support/run_task.h"

namespace berth {

struct ClientRequest {
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool is_chunked = false;  ///< no Content-Length
  bool breaks_off = false;
  std::string host = "registry.test:5000";
};

struct ClientAnswer {
  unsigned status = 0;
  Headers headers;
  std::string body;
  std::optional<std::uint64_t> head_length;
  std::size_t body_bytes_read = 0;  ///< of the request

  /// The value of a field; empty without one.
  std::string operator[](std::string_view name) const { return std::string(headers.find(name).value_or("")); }
};

/// What a client does with "Location": the path and query of a URL.
inline std::string target_of(const std::string& location) {
  const std::size_t scheme = location.find("://");
  return scheme == std::string::npos ? location : location.substr(location.find('/', scheme + 3));
}

class ApiClient {
 public:
  /// As a connection does, it asks `quick` first for what can be answered at once.
  explicit ApiClient(http::Handler handler, http::QuickHandler quick = {})
      : handler_(std::move(handler)), quick_(std::move(quick)) {}

  /// How many requests were answered at once.
  std::size_t quick_count() const { return quick_count_; }

  ClientAnswer send(const std::string& method, const std::string& target, const ClientRequest& with = {}) {
    if (auto answer = send_quickly(method, target, with)) return std::move(*answer);
    http::Request request;
    request.method = method_of(method);
    request.method_text = method;
    request.target = target;
    auto parsed = http::parse_target(target);
    if (!parsed) throw std::runtime_error("the target is refused before any handler: " + target);
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
    for (const auto& [name, value] : with.headers) request.headers.add(name, value);
    request.host = with.host;
    request.request_id = "request-1";
    request.content_length = with.is_chunked ? std::nullopt : std::optional<std::uint64_t>(with.body.size());
    MemoryReader reader(with.body, {.breaks_off = with.breaks_off});
    request.body = &reader;
    http::Response response = run_task(handler_(request));
    ClientAnswer answer{.status = response.status,
                        .headers = response.headers,
                        .body = {},
                        .head_length = response.head_length,
                        .body_bytes_read = 0};
    if (request.method != http::Method::head) answer.body = body_of(response);
    answer.body_bytes_read = reader.given_bytes();
    return answer;
  }

  ClientAnswer get(const std::string& target, const ClientRequest& with = {}) { return send("GET", target, with); }
  ClientAnswer head(const std::string& target, const ClientRequest& with = {}) { return send("HEAD", target, with); }
  ClientAnswer post(const std::string& target, const ClientRequest& with = {}) { return send("POST", target, with); }
  ClientAnswer put(const std::string& target, const ClientRequest& with = {}) { return send("PUT", target, with); }
  ClientAnswer patch(const std::string& target, const ClientRequest& with = {}) { return send("PATCH", target, with); }
  ClientAnswer remove(const std::string& target, const ClientRequest& with = {}) {
    return send("DELETE", target, with);
  }

 private:
  static http::Method method_of(const std::string& text) {
    for (const http::Method method : {http::Method::get, http::Method::head, http::Method::post, http::Method::put,
                                      http::Method::patch, http::Method::del, http::Method::options}) {
      if (to_string(method) == text) return method;
    }
    return http::Method::other;
  }

  std::optional<ClientAnswer> send_quickly(const std::string& method, const std::string& target,
                                           const ClientRequest& with) {
    if (!quick_ || !with.body.empty() || with.is_chunked || (method != "GET" && method != "HEAD")) return std::nullopt;
    std::vector<http::FieldView> fields;
    for (const auto& [name, value] : with.headers) {
      if (std::string_view(name) == "Range" || std::string_view(name).starts_with("If-")) return std::nullopt;
      fields.emplace_back(name, value);
    }
    const http::QuickAnswer quick = quick_(
        {.method = method_of(method), .target = target, .fields = fields, .host = with.host, .peer_address = "test"});
    if (!quick.prepared) return std::nullopt;
    ++quick_count_;
    const http::PreparedAnswer& prepared = *quick.prepared;
    ClientAnswer answer{.status = prepared.status,
                        .headers = prepared.fields,
                        .body = method == "HEAD" ? std::string() : read_all(prepared.body),
                        .head_length = std::nullopt,
                        .body_bytes_read = 0};
    if (method == "HEAD") answer.head_length = std::stoull(answer["Content-Length"]);
    answer.headers.remove("Content-Length");
    answer.headers.add("X-Request-Id", "request-1");
    return answer;
  }

  static Task<std::string> read_stream(ByteReader& reader) {
    std::string text;
    std::string piece(100, '\0');
    for (;;) {
      const std::size_t count = co_await reader.read(std::as_writable_bytes(std::span(piece)));
      if (count == 0) co_return text;
      text.append(piece, 0, count);
    }
  }

  static std::string body_of(http::Response& response) {
    if (auto* stream = std::get_if<http::BodyStream>(&response.body)) return run_task(read_stream(**stream));
    std::string text;
    for (const ByteSource& piece : std::get<http::BodyPieces>(response.body)) text += read_all(piece);
    return text;
  }

  http::Handler handler_;
  http::QuickHandler quick_;
  std::size_t quick_count_ = 0;
};

}  // namespace berth
