// Request targets (RFC 9112, 3.2): taken apart and decoded once. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"

namespace berth::http {

struct Target {
  Path path;
  Query query;
  std::string authority;   ///< of an absolute target, else empty
  bool is_server = false;  ///< "*", as OPTIONS may have it; then path and query are empty
};

/// Why a target is refused before a handler sees it: the status of the answer, and words for it.
struct TargetRefusal {
  unsigned status = 400;  ///< 400 for what is no target, 404 for one that can name nothing
  std::string_view reason;
};

/// The forms "/path?query", "http://host/path?query" and "*".
std::expected<Target, TargetRefusal> parse_target(std::string_view text);

/// Decodes %-escapes once. Nothing if one is malformed, or the result has a NUL or invalid UTF-8 (overlong forms and
/// surrogates included).
std::optional<std::string> decode_once(std::string_view text);

/// What a Host field or an absolute target may name: a host of letters, digits, "-._~%!$&'()*+,;=" or an IP literal in
/// brackets, and a port of digits. Empty is valid (RFC 9110, 7.2).
bool is_valid_authority(std::string_view text);

}  // namespace berth::http
