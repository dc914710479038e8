#include "net/url.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <system_error>

namespace berth {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

/// A name that can be looked up, or an address.
bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == ':';
  });
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return std::nullopt;
  Url url;
  if (parsed->scheme_id() == boost::urls::scheme::https) {
    url.is_tls = true;
    url.port = kHttpsPort;
  } else if (parsed->scheme_id() == boost::urls::scheme::http) {
    url.is_tls = false;
    url.port = kHttpPort;
  } else {
    return std::nullopt;
  }
  url.host = parsed->host_address();
  if (parsed->has_userinfo() || !is_host(url.host)) return std::nullopt;
  if (parsed->has_port()) {
    const std::string_view digits = parsed->port();
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (error != std::errc() || end != digits.data() + digits.size() || url.port == 0) return std::nullopt;
  }
  url.target = parsed->encoded_path().empty() ? std::string("/") : std::string(parsed->encoded_path());
  // Boost 1.81 takes "host:80x" for the port 80 and the path "x".
  if (!url.target.starts_with('/')) return std::nullopt;
  if (parsed->has_query()) url.target.append("?").append(parsed->encoded_query());
  return url;
}

std::optional<Url> Url::resolve(std::string_view location) const {
  if (location.starts_with("//")) return parse(std::string(is_tls ? "https:" : "http:").append(location));
  if (location.starts_with('/')) {
    Url url = *this;
    url.target = location.substr(0, location.find('#'));
    return url;
  }
  return parse(location);
}

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (is_tls ? kHttpsPort : kHttpPort)) text.append(":").append(std::to_string(port));
  return text;
}

std::string Url::origin() const {
  return (is_tls ? "https://" : "http://") + authority();
}

}  // namespace berth
