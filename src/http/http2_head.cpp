#include "http/http2_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "http/target.h"

namespace berth::http {
namespace {

/// What keeps a GET from being answered beforehand. Names are lower case here: others never arrive.
bool is_condition(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {
      "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "expect"};
  return std::ranges::find(kNames, name) != kNames.end();
}

/// The pseudo-header fields and those that decide how a request is read.
struct Facts {
  std::string_view authority;
  std::string_view scheme;
  std::string_view host;
  std::size_t host_count = 0;
  std::size_t expectation_count = 0;
  std::string_view expectation;
  std::optional<std::string_view> length;
  bool has_condition = false;
};

void note_pseudo_field(std::string_view name, std::string_view value, Facts& facts, Http2HeadView& view) {
  if (name == ":method") view.method_text = value;
  if (name == ":path") view.target = value;
  if (name == ":authority") facts.authority = value;
  if (name == ":scheme") facts.scheme = value;
}

void note_field(std::string_view name, std::string_view value, Facts& facts) {
  if (name == "host") {
    ++facts.host_count;
    facts.host = value;
  } else if (name == "content-length") {
    facts.length = value;
  } else if (name == "expect") {
    ++facts.expectation_count;
    facts.expectation = value;
  }
  if (is_condition(name)) facts.has_condition = true;
}

/// Two names for the host could be read in two ways by two servers in a row (RFC 9113, 8.3.1).
std::optional<HeadRefusal> find_host(const Facts& facts, Http2HeadView& view) {
  if (facts.host_count > 1) return HeadRefusal{400, "Host is given twice"};
  if (facts.host_count == 1 && !facts.authority.empty() && !equals_ignoring_case(facts.host, facts.authority)) {
    return HeadRefusal{400, "Host and :authority contradict"};
  }
  view.host = facts.authority.empty() ? facts.host : facts.authority;
  if (!is_valid_authority(view.host)) return HeadRefusal{400, "the host is malformed"};
  return std::nullopt;
}

std::optional<HeadRefusal> find_length(const Facts& facts, EndOfStream end, Http2HeadView& view) {
  if (!facts.length) {
    if (end == EndOfStream::yes) view.content_length = 0;
    return std::nullopt;
  }
  std::uint64_t length = 0;
  const std::string_view text = *facts.length;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || stop != text.data() + text.size()) return HeadRefusal{400, "Content-Length is malformed"};
  view.content_length = length;
  return std::nullopt;
}

std::optional<HeadRefusal> find_expectation(const Facts& facts, EndOfStream end, Http2HeadView& view) {
  if (facts.expectation_count == 0) return std::nullopt;
  if (facts.expectation_count > 1 || !equals_ignoring_case(facts.expectation, "100-continue")) {
    return HeadRefusal{417, "the only expectation is 100-continue"};
  }
  view.expects_continue = end == EndOfStream::no;
  return std::nullopt;
}

std::optional<HeadRefusal> check_target(const Facts& facts, std::size_t target_limit, const Http2HeadView& view) {
  if (view.target.size() > target_limit) return HeadRefusal{414, "the target is too long"};
  const bool is_http = equals_ignoring_case(facts.scheme, "https") || equals_ignoring_case(facts.scheme, "http");
  if (!is_http) return HeadRefusal{400, "the scheme is neither http nor https"};
  // The host has a field of its own, so that an absolute address is no target here.
  if (!view.target.starts_with('/') && view.target != "*") return HeadRefusal{400, "the target is not a path"};
  return std::nullopt;
}

}  // namespace

void Http2Head::clear() {
  bytes_.clear();
  fields_.clear();
  list_bytes_ = 0;
}

void Http2Head::add(std::string_view name, std::string_view value) {
  list_bytes_ += name.size() + value.size() + 32;
  if (is_too_large()) return;
  fields_.push_back({bytes_.size(), name.size(), value.size()});
  bytes_ += name;
  bytes_ += value;
}

std::optional<HeadRefusal> Http2Head::look(std::size_t target_limit, EndOfStream end, Http2HeadView& view) const {
  std::vector<FieldView> kept = std::move(view.fields);
  kept.clear();
  view = Http2HeadView();
  view.fields = std::move(kept);
  Facts facts;
  for (const Extent& extent : fields_) {
    const std::string_view both = std::string_view(bytes_).substr(extent.begin, extent.name_size + extent.value_size);
    const std::string_view name = both.substr(0, extent.name_size);
    const std::string_view value = both.substr(extent.name_size);
    if (name.starts_with(':')) {
      note_pseudo_field(name, value, facts, view);
    } else {
      note_field(name, value, facts);
      view.fields.emplace_back(name, value);
    }
  }
  view.method = parse_method(view.method_text);
  std::optional<HeadRefusal> refusal;
  if (is_too_large()) refusal = HeadRefusal{431, "the head is too large"};
  if (!refusal) refusal = check_target(facts, target_limit, view);
  if (!refusal) refusal = find_host(facts, view);
  if (!refusal) refusal = find_length(facts, end, view);
  if (!refusal) refusal = find_expectation(facts, end, view);
  if (refusal) {
    refusal->method = view.method_text;
    refusal->target = view.target;
    return refusal;
  }
  const bool is_read = view.method == Method::get || view.method == Method::head;
  view.is_simple_read = is_read && end == EndOfStream::yes && !facts.has_condition;
  return std::nullopt;
}

std::expected<Http2Request, HeadRefusal> make_request(const Http2HeadView& view) {
  const auto refuse = [&view](unsigned status, std::string_view reason) {
    return std::unexpected(HeadRefusal{status, reason, std::string(view.method_text), std::string(view.target)});
  };
  auto target = parse_target(view.target);
  if (!target) return refuse(target.error().status, target.error().reason);
  if (target->is_server && view.method != Method::options) {
    return refuse(400, "the target \"*\" is for OPTIONS only");
  }
  Http2Request made;
  made.is_for_server = target->is_server;
  Request& request = made.request;
  request.method = view.method;
  request.method_text = view.method_text;
  request.target = view.target;
  request.http_major = 2;
  request.http_minor = 0;
  request.host = view.host;
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  request.content_length = view.content_length;
  // As if HTTP/1 had carried it: handlers need not know where the host stood.
  request.headers.add("host", std::string(view.host));
  std::string cookies;
  for (const auto& [name, value] : view.fields) {
    if (name == "host") continue;
    if (name == "cookie") {
      // Clients may cut cookies into several fields, so that HPACK can shorten them (RFC 9113, 8.2.3).
      if (!cookies.empty()) cookies += "; ";
      cookies += value;
    } else {
      request.headers.add(std::string(name), std::string(value));
    }
  }
  if (!cookies.empty()) request.headers.add("cookie", std::move(cookies));
  return made;
}

}  // namespace berth::http
