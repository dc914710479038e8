// What a server's answer says of how to go on: WWW-Authenticate (RFC 9110, 11.6.1) and Link (RFC 8288).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

struct AuthChallenge {
  std::string scheme;                             ///< in small letters: "bearer"
  std::map<std::string, std::string> parameters;  ///< names in small letters
};

/// One challenge, as registries send it: whatever cannot be read is left out.
AuthChallenge parse_auth_challenge(std::string_view field);

/// The target of `<...>; rel="next"`; nothing if there is none.
std::optional<std::string> next_page_of(std::string_view link);

}  // namespace berth
