#include "http/h2c_upgrade.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "content/base64.h"

namespace berth::http {
namespace {

/// One SETTINGS entry; a payload is a row of them (RFC 9113, 6.5.1).
constexpr std::size_t kEntryBytes = 6;
constexpr std::size_t kMostEntries = 32;

bool has_word(const std::vector<std::string_view>& lists, std::string_view wanted) {
  for (std::string_view list : lists) {
    while (!list.empty()) {
      const std::size_t comma = list.find(',');
      std::string_view word = list.substr(0, comma);
      while (word.starts_with(' ') || word.starts_with('\t')) word.remove_prefix(1);
      while (word.ends_with(' ') || word.ends_with('\t')) word.remove_suffix(1);
      if (equals_ignoring_case(word, wanted)) return true;
      list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
  }
  return false;
}

/// The alphabet for URLs, without padding (RFC 4648, 5), as HTTP2-Settings has it.
std::optional<std::string> from_base64url(std::string text) {
  if (text.find_first_of("+/=") != std::string::npos) return std::nullopt;
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return from_base64(text);
}

}  // namespace

std::optional<std::string> h2c_settings(const Request& request) {
  if (request.http_minor != 1 || !has_word(request.headers.find_all("Upgrade"), "h2c")) return std::nullopt;
  const auto connection = request.headers.find_all("Connection");
  // A field that a proxy passes on without Connection naming it was not meant for us.
  if (!has_word(connection, "Upgrade") || !has_word(connection, "HTTP2-Settings")) return std::nullopt;
  const auto settings = request.headers.find_all("HTTP2-Settings");
  if (settings.size() != 1) return std::nullopt;
  auto decoded = from_base64url(std::string(settings.front()));
  if (!decoded || decoded->size() % kEntryBytes != 0 || decoded->size() > kMostEntries * kEntryBytes) {
    return std::nullopt;
  }
  return decoded;
}

}  // namespace berth::http
