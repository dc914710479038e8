#include "http/http1_head.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "http/target.h"

namespace berth::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using BeastText = boost::beast::string_view;

std::string to_text(BeastText text) {
  return std::string(text.data(), text.size());
}

/// Takes what Beast finds straight into a Request. Bodies never come here: the body reader takes them from the socket
/// into the caller's memory.
class HeadParser final : public beast_http::basic_parser<true> {
 public:
  explicit HeadParser(Request& request) : request_(request) {
    eager(false);
    body_limit(boost::none);
  }

 private:
  void on_request_impl(beast_http::verb, BeastText method, BeastText target, int version, error_code& ec) override {
    request_.method_text = to_text(method);
    request_.target = to_text(target);
    request_.http_minor = version == 10 ? 0 : 1;
    ec = {};
  }
  void on_field_impl(beast_http::field, BeastText name, BeastText value, error_code& ec) override {
    request_.headers.add(to_text(name), to_text(value));
    ec = {};
  }
  void on_header_impl(error_code& ec) override { ec = {}; }
  void on_finish_impl(error_code& ec) override { ec = {}; }

  void on_response_impl(int, BeastText, int, error_code& ec) override { ec = {}; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override { ec = {}; }
  std::size_t on_body_impl(BeastText body, error_code& ec) override { return ignore(body, ec); }
  void on_chunk_header_impl(std::uint64_t, BeastText, error_code& ec) override { ec = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastText body, error_code& ec) override { return ignore(body, ec); }

  static std::size_t ignore(BeastText body, error_code& ec) {
    ec = {};
    return body.size();
  }

  Request& request_;
};

Method method_of(std::string_view text) {
  constexpr std::array kMethods = {Method::get,   Method::head, Method::post,   Method::put,
                                   Method::patch, Method::del,  Method::options};
  for (const Method method : kMethods) {
    if (to_string(method) == text) return method;
  }
  return Method::other;
}

bool list_has(const std::vector<std::string_view>& values, std::string_view wanted) {
  for (std::string_view value : values) {
    while (!value.empty()) {
      const std::size_t comma = value.find(',');
      std::string_view word = value.substr(0, comma);
      while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
      while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
      if (equals_ignoring_case(word, wanted)) return true;
      value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
    }
  }
  return false;
}

HeadRefusal refusal_of(error_code ec) {
  if (ec == beast_http::error::bad_version) return {505, "the version is not HTTP/1.0 or HTTP/1.1"};
  if (ec == beast_http::error::bad_method) return {400, "the method is malformed"};
  if (ec == beast_http::error::bad_target) return {400, "the target is malformed"};
  if (ec == beast_http::error::bad_content_length || ec == beast_http::error::multiple_content_length) {
    return {400, "Content-Length is malformed or given twice"};
  }
  if (ec == beast_http::error::bad_transfer_encoding) return {400, "Transfer-Encoding and Content-Length contradict"};
  return {400, "the request's head is malformed"};
}

/// Stricter than Beast: one Content-Length or one "Transfer-Encoding: chunked", never both, nothing else.
std::optional<HeadRefusal> find_framing(RequestHead& head) {
  Request& request = head.request;
  const auto lengths = request.headers.find_all("Content-Length");
  const auto codings = request.headers.find_all("Transfer-Encoding");
  if (!codings.empty()) {
    if (!lengths.empty()) return HeadRefusal{400, "Content-Length and Transfer-Encoding together"};
    if (request.http_minor == 0) return HeadRefusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (codings.size() > 1) return HeadRefusal{400, "Transfer-Encoding is given twice"};
    if (!equals_ignoring_case(codings[0], "chunked")) return HeadRefusal{501, "the only transfer coding is chunked"};
    head.framing = BodyFraming::chunked;
    request.content_length.reset();
    return std::nullopt;
  }
  if (lengths.empty()) return std::nullopt;
  if (lengths.size() > 1) return HeadRefusal{400, "Content-Length is given twice"};
  const std::string_view text = lengths[0];
  const bool is_digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  std::uint64_t length = 0;
  if (!is_digits || std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc()) {
    return HeadRefusal{400, "Content-Length is malformed"};
  }
  head.framing = length > 0 ? BodyFraming::fixed : BodyFraming::none;
  head.body_length = length;
  request.content_length = length;
  return std::nullopt;
}

std::optional<HeadRefusal> find_host(Request& request, const std::string& authority) {
  const auto hosts = request.headers.find_all("Host");
  if (hosts.size() > 1) return HeadRefusal{400, "Host is given twice"};
  if (hosts.empty() && request.http_minor >= 1) return HeadRefusal{400, "Host is missing"};
  if (!hosts.empty() && !is_valid_authority(hosts[0])) return HeadRefusal{400, "Host is malformed"};
  if (!authority.empty()) {
    request.host = authority;
  } else if (!hosts.empty()) {
    request.host = hosts[0];
  }
  return std::nullopt;
}

void find_persistence(RequestHead& head) {
  const auto values = head.request.headers.find_all("Connection");
  const bool says_close = list_has(values, "close");
  head.is_keep_alive_named = !says_close && head.request.http_minor == 0 && list_has(values, "keep-alive");
  head.is_keep_alive = head.request.http_minor == 0 ? head.is_keep_alive_named : !says_close;
}

std::optional<HeadRefusal> find_expectation(RequestHead& head) {
  const auto expected = head.request.headers.find_all("Expect");
  if (expected.empty() || head.request.http_minor == 0) return std::nullopt;
  if (expected.size() > 1 || !equals_ignoring_case(expected[0], "100-continue")) {
    return HeadRefusal{417, "the only expectation is 100-continue"};
  }
  head.expects_continue = head.framing != BodyFraming::none;
  return std::nullopt;
}

std::optional<HeadRefusal> complete_head(RequestHead& head, std::size_t target_limit) {
  Request& request = head.request;
  if (request.target.size() > target_limit) return HeadRefusal{414, "the target is too long"};
  request.method = method_of(request.method_text);
  if (auto refusal = find_framing(head)) return refusal;
  auto target = parse_target(request.target);
  if (!target) return HeadRefusal{target.error().status, target.error().reason};
  if (auto refusal = find_host(request, target->authority)) return refusal;
  if (target->is_server && request.method != Method::options) {
    return HeadRefusal{400, "the target \"*\" is for OPTIONS only"};
  }
  head.is_for_server = target->is_server;
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  find_persistence(head);
  return find_expectation(head);
}

}  // namespace

HeadFinder::State HeadFinder::look(std::string_view text) {
  for (;;) {
    const std::size_t end = text.find('\n', searched_);
    if (end == std::string_view::npos) {
      searched_ = text.size();
      return State::incomplete;
    }
    if (end == line_start_ || text[end - 1] != '\r') return State::malformed;
    const bool is_folded = line_start_ > 0 && (text[line_start_] == ' ' || text[line_start_] == '\t');
    if (is_folded) return State::malformed;
    const bool is_empty_line = end == line_start_ + 1;
    line_start_ = searched_ = end + 1;
    if (is_empty_line) return State::complete;
  }
}

std::expected<RequestHead, HeadRefusal> parse_head(std::string_view text, std::size_t target_limit) {
  RequestHead head;
  HeadParser parser(head.request);
  parser.header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(text.size() + 1, UINT32_MAX)));
  error_code ec;
  const std::size_t taken = parser.put(boost::asio::const_buffer(text.data(), text.size()), ec);
  std::optional<HeadRefusal> refusal;
  if (ec) {
    refusal = refusal_of(ec);
    if (head.request.target.size() > target_limit) refusal = HeadRefusal{414, "the target is too long"};
  } else if (!parser.is_header_done() || taken != text.size()) {
    refusal = HeadRefusal{400, "the request's head is malformed"};
  } else {
    refusal = complete_head(head, target_limit);
  }
  if (!refusal) return head;
  refusal->method = std::move(head.request.method_text);
  refusal->target = std::move(head.request.target);
  return std::unexpected(std::move(*refusal));
}

}  // namespace berth::http
