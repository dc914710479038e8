#include "api/client_address.h"

#include <algorithm>

namespace berth {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the part behind the last `separator` that stands outside of quotes off `text`.
std::string_view take_last(std::string_view& text, char separator) {
  std::size_t cut = std::string_view::npos;
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    if (text[i] == '\\' && is_quoted) ++i;
    if (i < text.size() && text[i] == separator && !is_quoted) cut = i;
  }
  const std::string_view last = cut == std::string_view::npos ? text : text.substr(cut + 1);
  text = cut == std::string_view::npos ? std::string_view() : text.substr(0, cut);
  return trimmed(last);
}

/// The `for` of one element of Forwarded (RFC 7239, 4): `for="[2001:db8::1]:4711";proto=https`.
std::string_view node_of(std::string_view element) {
  while (!element.empty()) {
    std::string_view pair = take_last(element, ';');
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || !equals_ignoring_case(trimmed(pair.substr(0, equals)), "for")) continue;
    std::string_view value = trimmed(pair.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

}  // namespace

bool ClientAddresses::is_trusted(std::string_view peer) const {
  if (const std::optional<IpAddress> address = IpAddress::parse_endpoint(peer)) return is_trusted(*address);
  return options_.trusts_unix_sockets && peer == "unix";
}

bool ClientAddresses::is_trusted(const IpAddress& address) const {
  return std::ranges::any_of(options_.proxies,
                             [&address](const IpNetwork& network) { return network.contains(address); });
}

std::optional<IpAddress> ClientAddresses::last_stranger(std::span<const std::string_view> lines) const {
  std::optional<IpAddress> nearest;
  for (std::string_view line : lines) {
    while (!line.empty()) {
      const std::string_view element = take_last(line, ',');
      if (element.empty()) continue;
      const std::string_view node = options_.field == ForwardedField::forwarded ? node_of(element) : element;
      const std::optional<IpAddress> address = IpAddress::parse_endpoint(node);
      // "unknown", or a name the proxy made up: what it had before is not the client, and the proxy is the nearest
      // known.
      if (!address) return nearest;
      nearest = address;
      if (!is_trusted(*address)) return nearest;
    }
  }
  return nearest;
}

}  // namespace berth
