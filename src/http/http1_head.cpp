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

std::string_view to_view(BeastText text) {
  return {text.data(), text.size()};
}

/// What the fields that matter to the connection said, counted as they came.
struct FieldFacts {
  std::size_t host_count = 0;
  std::size_t length_count = 0;
  std::size_t coding_count = 0;
  std::size_t expectation_count = 0;
  std::string_view length;
  std::string_view coding;
  std::string_view expectation;
  bool says_close = false;
  bool says_keep_alive = false;
  bool is_special = false;  ///< a range, a condition, an upgrade
};

bool list_has(std::string_view value, std::string_view wanted) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    std::string_view word = value.substr(0, comma);
    while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
    if (equals_ignoring_case(word, wanted)) return true;
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
  return false;
}

/// Notes where Beast finds things. Bodies never come here: the body reader takes them from the socket into the caller's
/// memory.
class HeadParser final : public beast_http::basic_parser<true> {
 public:
  explicit HeadParser(HeadView& view) : view_(view) {
    eager(false);
    body_limit(boost::none);
  }
  const FieldFacts& facts() const { return facts_; }

 private:
  void on_request_impl(beast_http::verb, BeastText method, BeastText target, int version, error_code& ec) override {
    view_.method_text = to_view(method);
    view_.target = to_view(target);
    view_.http_minor = version == 10 ? 0 : 1;
    ec = {};
  }
  void on_field_impl(beast_http::field field, BeastText name, BeastText value, error_code& ec) override {
    note(field, to_view(value));
    view_.fields.emplace_back(to_view(name), to_view(value));
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

  void note(beast_http::field field, std::string_view value) {
    using beast_http::field;
    switch (field) {
      case field::host:
        if (++facts_.host_count == 1) view_.host = value;
        break;
      case field::content_length:
        ++facts_.length_count;
        facts_.length = value;
        break;
      case field::transfer_encoding:
        ++facts_.coding_count;
        facts_.coding = value;
        break;
      case field::expect:
        ++facts_.expectation_count;
        facts_.expectation = value;
        break;
      case field::connection:
        facts_.says_close = facts_.says_close || list_has(value, "close");
        facts_.says_keep_alive = facts_.says_keep_alive || list_has(value, "keep-alive");
        facts_.is_special = facts_.is_special || list_has(value, "upgrade");
        break;
      case field::range:
      case field::if_match:
      case field::if_none_match:
      case field::if_modified_since:
      case field::if_unmodified_since:
      case field::if_range:
      case field::upgrade:
        facts_.is_special = true;
        break;
      default:
        break;
    }
  }

  HeadView& view_;
  FieldFacts facts_;
};

Method method_of(std::string_view text) {
  constexpr std::array kMethods = {Method::get,   Method::head, Method::post,   Method::put,
                                   Method::patch, Method::del,  Method::options};
  for (const Method method : kMethods) {
    if (to_string(method) == text) return method;
  }
  return Method::other;
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
std::optional<HeadRefusal> find_framing(const FieldFacts& facts, HeadView& view) {
  if (facts.coding_count > 0) {
    if (facts.length_count > 0) return HeadRefusal{400, "Content-Length and Transfer-Encoding together"};
    if (view.http_minor == 0) return HeadRefusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (facts.coding_count > 1) return HeadRefusal{400, "Transfer-Encoding is given twice"};
    if (!equals_ignoring_case(facts.coding, "chunked")) return HeadRefusal{501, "the only transfer coding is chunked"};
    view.framing = BodyFraming::chunked;
    return std::nullopt;
  }
  if (facts.length_count == 0) return std::nullopt;
  if (facts.length_count > 1) return HeadRefusal{400, "Content-Length is given twice"};
  const std::string_view text = facts.length;
  const bool is_digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  std::uint64_t length = 0;
  if (!is_digits || std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc()) {
    return HeadRefusal{400, "Content-Length is malformed"};
  }
  view.framing = length > 0 ? BodyFraming::fixed : BodyFraming::none;
  view.body_length = length;
  return std::nullopt;
}

std::optional<HeadRefusal> check_host(const FieldFacts& facts, const HeadView& view) {
  if (facts.host_count > 1) return HeadRefusal{400, "Host is given twice"};
  if (facts.host_count == 0 && view.http_minor >= 1) return HeadRefusal{400, "Host is missing"};
  if (facts.host_count == 1 && !is_valid_authority(view.host)) return HeadRefusal{400, "Host is malformed"};
  return std::nullopt;
}

std::optional<HeadRefusal> find_expectation(const FieldFacts& facts, HeadView& view) {
  if (facts.expectation_count == 0 || view.http_minor == 0) return std::nullopt;
  if (facts.expectation_count > 1 || !equals_ignoring_case(facts.expectation, "100-continue")) {
    return HeadRefusal{417, "the only expectation is 100-continue"};
  }
  view.expects_continue = view.framing != BodyFraming::none;
  return std::nullopt;
}

std::optional<HeadRefusal> complete_view(const FieldFacts& facts, std::size_t target_limit, HeadView& view) {
  if (view.target.size() > target_limit) return HeadRefusal{414, "the target is too long"};
  view.method = method_of(view.method_text);
  if (auto refusal = find_framing(facts, view)) return refusal;
  if (auto refusal = check_host(facts, view)) return refusal;
  view.is_keep_alive_named = !facts.says_close && view.http_minor == 0 && facts.says_keep_alive;
  view.is_keep_alive = view.http_minor == 0 ? view.is_keep_alive_named : !facts.says_close;
  if (auto refusal = find_expectation(facts, view)) return refusal;
  const bool is_read = view.method == Method::get || view.method == Method::head;
  view.is_simple_read = is_read && view.http_minor == 1 && view.is_keep_alive && view.framing == BodyFraming::none &&
                        facts.expectation_count == 0 && !facts.is_special;
  return std::nullopt;
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

std::optional<HeadRefusal> parse_head(std::string_view text, std::size_t target_limit, HeadView& view) {
  std::vector<FieldView> fields = std::move(view.fields);
  fields.clear();
  view = HeadView();
  view.fields = std::move(fields);
  HeadParser parser(view);
  parser.header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(text.size() + 1, UINT32_MAX)));
  error_code ec;
  const std::size_t taken = parser.put(boost::asio::const_buffer(text.data(), text.size()), ec);
  std::optional<HeadRefusal> refusal;
  if (ec) {
    refusal = refusal_of(ec);
    if (view.target.size() > target_limit) refusal = HeadRefusal{414, "the target is too long"};
  } else if (!parser.is_header_done() || taken != text.size()) {
    refusal = HeadRefusal{400, "the request's head is malformed"};
  } else {
    refusal = complete_view(parser.facts(), target_limit, view);
  }
  if (refusal) {
    refusal->method = view.method_text;
    refusal->target = view.target;
  }
  return refusal;
}

std::expected<RequestHead, HeadRefusal> make_request(const HeadView& view) {
  const auto refuse = [&view](unsigned status, std::string_view reason) {
    return std::unexpected(HeadRefusal{status, reason, std::string(view.method_text), std::string(view.target)});
  };
  auto target = parse_target(view.target);
  if (!target) return refuse(target.error().status, target.error().reason);
  if (target->is_server && view.method != Method::options) {
    return refuse(400, "the target \"*\" is for OPTIONS only");
  }
  RequestHead head;
  head.framing = view.framing;
  head.body_length = view.body_length;
  head.is_keep_alive = view.is_keep_alive;
  head.is_keep_alive_named = view.is_keep_alive_named;
  head.expects_continue = view.expects_continue;
  head.is_for_server = target->is_server;
  Request& request = head.request;
  request.method = view.method;
  request.method_text = view.method_text;
  request.target = view.target;
  request.http_minor = view.http_minor;
  request.host = target->authority.empty() ? std::string(view.host) : std::move(target->authority);
  for (const auto& [name, value] : view.fields) request.headers.add(std::string(name), std::string(value));
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (view.framing == BodyFraming::chunked) {
    request.content_length.reset();
  } else {
    request.content_length = view.body_length;
  }
  return head;
}

}  // namespace berth::http
