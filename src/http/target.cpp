#include "http/target.h"

#include <algorithm>
#include <utility>

namespace berth::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Length of the UTF-8 sequence at the front of `text`; 0 if it is none (RFC 3629, 4: no overlong form, no surrogate,
/// nothing past U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

bool is_clean_text(std::string_view text) {
  while (!text.empty()) {
    if (text.front() == '\0') return false;
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::unexpected<TargetRefusal> refuse(unsigned status, std::string_view reason) {
  return std::unexpected(TargetRefusal{status, reason});
}

std::expected<Path, TargetRefusal> parse_path(std::string_view text) {
  Path path;
  text.remove_prefix(1);  // the leading "/"
  path.segments.reserve(static_cast<std::size_t>(std::ranges::count(text, '/')) + 1);
  for (;;) {
    const std::size_t slash = text.find('/');
    const std::string_view raw = text.substr(0, slash);
    if (raw.empty()) {
      if (slash != std::string_view::npos) return refuse(404, "the path has an empty segment");
      path.has_trailing_slash = true;
      return path;
    }
    auto segment = decode_once(raw);
    if (!segment) return refuse(400, "the path has a malformed escape or is not UTF-8");
    if (segment->find('/') != std::string::npos) return refuse(404, "the path has an encoded slash");
    if (*segment == "." || *segment == "..") return refuse(404, "the path has a dot segment");
    path.segments.push_back(std::move(*segment));
    if (slash == std::string_view::npos) return path;
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

std::optional<std::string> decode_once(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!is_clean_text(decoded)) return std::nullopt;
  return decoded;
}

bool is_valid_authority(std::string_view text) {
  if (text.empty()) return true;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_host_char = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
  };
  std::string_view port;
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const auto is_literal_char = [&](char c) { return is_host_char(c) || c == ':'; };
    if (!std::ranges::all_of(text.substr(1, end - 1), is_literal_char)) return false;
    port = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    const std::string_view host = text.substr(0, colon);
    if (host.empty() || !std::ranges::all_of(host, is_host_char)) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  return port.front() == ':' && port.size() <= 6 && std::ranges::all_of(port.substr(1), is_digit);
}

std::expected<Target, TargetRefusal> parse_target(std::string_view text) {
  Target target;
  if (text == "*") {
    target.is_server = true;
    return target;
  }
  if (!text.starts_with('/')) {
    const std::size_t colon = text.find("://");
    const std::string_view scheme = text.substr(0, colon);
    if (colon == std::string_view::npos ||
        !(equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https"))) {
      return refuse(400, "the target is neither a path nor an http address");
    }
    text.remove_prefix(colon + 3);
    const std::size_t end = text.find_first_of("/?#");
    const std::string_view authority = text.substr(0, end);
    if (authority.empty() || !is_valid_authority(authority)) return refuse(400, "the target's host is malformed");
    target.authority = authority;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end);
  }
  if (text.find('#') != std::string_view::npos) return refuse(400, "the target has a fragment");
  const std::size_t question = text.find('?');
  std::string_view path_text = text.substr(0, question);
  if (path_text.empty()) path_text = "/";  // "http://host" and "http://host?query"
  auto path = parse_path(path_text);
  if (!path) return std::unexpected(path.error());
  target.path = std::move(*path);
  if (question != std::string_view::npos) {
    auto query = Query::parse(text.substr(question + 1));
    if (!query) return refuse(400, "the query has a malformed escape or is not UTF-8");
    target.query = std::move(*query);
  }
  return target;
}

}  // namespace berth::http
