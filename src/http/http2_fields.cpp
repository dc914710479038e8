#include "http/http2_fields.h"

#include <algorithm>
#include <charconv>

#include "http/response_head.h"

namespace berth::http {
namespace {

/// Connection-specific fields beside those that are the connection's own anyway.
bool is_forbidden(std::string_view name) {
  constexpr std::array<std::string_view, 3> kForbidden = {"Keep-Alive", "Proxy-Connection", "Upgrade"};
  return std::ranges::any_of(kForbidden, [name](std::string_view each) { return equals_ignoring_case(each, name); });
}

/// Values that do not come again would only push those that do out of HPACK's table.
bool is_unique(std::string_view name) {
  constexpr std::array<std::string_view, 3> kUnique = {"X-Request-Id", "Docker-Content-Digest", "Docker-Upload-UUID"};
  return std::ranges::any_of(kUnique, [name](std::string_view each) { return equals_ignoring_case(each, name); });
}

/// Space around a value would make the answer malformed (RFC 9113, 8.2.1); HTTP/1 allows it.
std::string_view without_space_around(std::string_view value) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
  return value;
}

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
  // nghttp2 copies both, and makes the name lower case.
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  const std::uint8_t flags = is_unique(name) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

}  // namespace

void Http2Fields::set(unsigned status, const Headers& fields, std::optional<std::uint64_t> content_length) {
  start(status);
  for (const auto& [name, value] : fields) {
    if (!is_field_of_connection(name) && !is_forbidden(name)) add(name, value);
  }
  if (!content_length) return;
  const auto end = std::to_chars(length_.data(), length_.data() + length_.size(), *content_length).ptr;
  add("content-length", {length_.data(), static_cast<std::size_t>(end - length_.data())});
}

void Http2Fields::set_prepared(unsigned status, const Headers& fields) {
  start(status);
  for (const auto& [name, value] : fields) add(name, value);
}

void Http2Fields::add_date_and_id(std::string_view date, std::string_view request_id) {
  add("date", date);
  add("x-request-id", request_id);
}

void Http2Fields::start(unsigned status) {
  fields_.clear();
  std::to_chars(status_.data(), status_.data() + status_.size(), status);
  add(":status", {status_.data(), status_.size()});
}

void Http2Fields::add(std::string_view name, std::string_view value) {
  fields_.push_back(pair_of(name, without_space_around(value)));
}

}  // namespace berth::http
