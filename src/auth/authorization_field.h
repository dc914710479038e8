// The Authorization field (RFC 9110, 11.6.2): what a client says of itself. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "auth/authenticator.h"

namespace berth {

/// Longer fields are refused unread: tokens with hundreds of scopes stay below.
inline constexpr std::size_t kLongestAuthorizationField = 16 * 1024;

/// Nothing for an anonymous caller: an empty field, or Basic without name and password, which podman and skopeo send
/// when they have none. Else the credentials, or the reason why there are none in it.
std::expected<std::optional<decltype(Credentials::what)>, std::string> parse_authorization(std::string_view field);

}  // namespace berth
