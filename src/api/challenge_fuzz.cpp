// Fuzzes the challenges of a 401: whatever the configuration and the request hold, what goes out is one line each, and
// a client that reads quoted-strings by the book finds what was meant.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/challenge.h"
#include "tests/support/require.h"

namespace berth {
namespace {

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

std::string printable_part(std::string_view text) {
  std::string part(text);
  std::erase_if(part, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  return part;
}

using Parameters = std::map<std::string, std::string>;

/// RFC 9110, 11.6.1 as a client reads it: scheme, then name="quoted-string" separated by commas.
std::optional<Parameters> read(std::string_view line, std::string_view scheme) {
  if (!line.starts_with(scheme) || line.substr(scheme.size()).front() != ' ') return std::nullopt;
  line.remove_prefix(scheme.size() + 1);
  Parameters parameters;
  for (;;) {
    const std::size_t equals = line.find("=\"");
    if (equals == line.npos || equals == 0) return std::nullopt;
    const std::string name(line.substr(0, equals));
    line.remove_prefix(equals + 2);
    std::string value;
    while (!line.empty() && line.front() != '"') {
      if (line.front() == '\\') line.remove_prefix(1);
      if (line.empty()) return std::nullopt;
      value += line.front();
      line.remove_prefix(1);
    }
    if (line.empty() || !parameters.emplace(name, value).second) return std::nullopt;
    line.remove_prefix(1);
    if (line.empty()) return parameters;
    if (line.front() != ',') return std::nullopt;
    line.remove_prefix(1);
  }
}

/// The input cut at its NUL bytes: realm, service, scope, error, host, forwarded host.
std::vector<std::string_view> cut(std::string_view text) {
  std::vector<std::string_view> parts;
  for (int i = 0; i < 6; ++i) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void check(const std::vector<std::string_view>& parts) {
  const Locations locations({});
  const Challenges challenges({.bearer = BearerChallenge{.realm = std::string(parts[0]),
                                                         .path = "/token",
                                                         .is_below_prefix = true,
                                                         .service = std::string(parts[1])},
                               .basic_realm = std::string(parts[1])},
                              locations);
  http::Request request;
  request.headers.add("Host", std::string(parts[4]));
  request.headers.add("X-Forwarded-Host", std::string(parts[5]));
  http::Response response;
  challenges.add(response, request, parts[2], parts[3]);
  const std::vector<std::string_view> lines = response.headers.find_all("WWW-Authenticate");
  require(lines.size() == 2, "a line for each way to log in");
  for (const std::string_view line : lines) require(is_printable(line), "a challenge is one line");
  const std::optional<Parameters> bearer = read(lines[0], "Bearer");
  require(bearer.has_value(), "a Bearer challenge that can be read");
  if (!parts[0].empty()) require(bearer->at("realm") == printable_part(parts[0]), "the realm");
  if (parts[0].empty()) require(bearer->at("realm").ends_with("/token"), "the realm is ours");
  require(bearer->at("service") == printable_part(parts[1]), "the service");
  require(bearer->contains("scope") == !parts[2].empty(), "a scope, if there is one");
  if (!parts[2].empty()) require(bearer->at("scope") == printable_part(parts[2]), "the scope");
  if (!parts[3].empty()) require(bearer->at("error") == printable_part(parts[3]), "the error");
  const std::optional<Parameters> basic = read(lines[1], "Basic");
  require(basic && basic->size() == 1 && basic->at("realm") == printable_part(parts[1]), "a Basic challenge");
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  berth::check(berth::cut({reinterpret_cast<const char*>(data), size}));
  return 0;
}
