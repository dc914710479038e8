#include "api/location.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/headers.h"

namespace berth {

namespace {

struct Base {
  std::string_view scheme = {};
  std::string_view host = {};
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view first_element(std::string_view list) {
  return trimmed(list.substr(0, list.find(',')));
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_port(std::string_view text) {
  const bool is_digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || text.size() > 5 || !is_digits) return false;
  unsigned port = 0;
  for (const char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  return port <= 65535;
}

// `host`, `host:port`, `[v6]`, `[v6]:port`, and nothing that could end the authority of a URL.
bool is_authority(std::string_view text) {
  if (text.empty() || text.size() > 261) return false;
  std::string_view rest;
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const bool is_address = std::ranges::all_of(text.substr(1, end - 1), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
    });
    if (!is_address) return false;
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    if (name.empty() || !std::ranges::all_of(name, is_name_character)) return false;
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

std::string_view known_scheme(std::string_view text) {
  if (equals_ignoring_case(text, "https")) return "https";
  if (equals_ignoring_case(text, "http")) return "http";
  return {};
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// RFC 7239: `for=192.0.2.60;proto=http;host="example.org:8080", for=...`; the first element is the outermost proxy's.
Base parse_forwarded(std::string_view field) {
  Base base;
  std::string_view element = first_element(field);
  while (!element.empty()) {
    const std::size_t semicolon = element.find(';');
    const std::string_view pair = trimmed(element.substr(0, semicolon));
    element.remove_prefix(semicolon == std::string_view::npos ? element.size() : semicolon + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(pair.substr(0, equals));
    const std::string_view value = unquoted(trimmed(pair.substr(equals + 1)));
    if (equals_ignoring_case(name, "proto")) base.scheme = known_scheme(value);
    if (equals_ignoring_case(name, "host") && is_authority(value)) base.host = value;
  }
  return base;
}

Base parse_x_forwarded(const Headers& headers) {
  Base base;
  if (const auto proto = headers.find("X-Forwarded-Proto")) base.scheme = known_scheme(first_element(*proto));
  if (const auto host = headers.find("X-Forwarded-Host")) {
    const std::string_view first = first_element(*host);
    if (is_authority(first)) base.host = first;
  }
  return base;
}

Base base_of(const http::Request& request, std::string_view scheme = {}) {
  Base base;
  if (const auto forwarded = request.headers.find("Forwarded")) base = parse_forwarded(*forwarded);
  if (base.scheme.empty() && base.host.empty()) base = parse_x_forwarded(request.headers);
  if (base.scheme.empty()) base.scheme = scheme;
  if (base.scheme.empty()) base.scheme = request.is_tls ? "https" : "http";
  if (base.host.empty() && is_authority(request.host)) base.host = request.host;
  return base;
}

}  // namespace

Locations::Locations(LocationOptions options) : options_(std::move(options)) {}

std::string Locations::path(std::string_view path) const {
  std::string_view prefix = options_.prefix;
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  return std::string(prefix) + std::string(path);
}

std::string Locations::url(const http::Request& request, std::string_view below) const {
  if (options_.is_relative) return path(below);
  return origin(request) + path(below);
}

std::string Locations::origin(const http::Request& request, std::string_view scheme) const {
  if (!options_.host.empty()) return options_.host;
  const Base base = base_of(request, scheme);
  if (base.host.empty()) return {};
  return std::string(base.scheme) + "://" + std::string(base.host);
}

}  // namespace berth
