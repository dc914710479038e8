// TokenVerifier: whether a token holds: its signature, and what it says of itself.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token/jwt.h"
#include "auth/token/trusted_keys.h"
#include "base/clock.h"

namespace berth {

struct TokenExpectations {
  std::string issuer;
  std::string service;  ///< must be among the audience
  /// Empty: every algorithm that there is.
  std::vector<SignatureAlgorithm> algorithms = {};
  /// `typ` must be this; empty: whatever it is.
  std::string type = {};
  std::chrono::seconds leeway{60};  ///< between two machines' clocks
};

/// The claims of a token that holds, or the reason why it does not. Looks at the signature before anything else that
/// the token says is taken for true. Never "none", never HMAC.
std::expected<TokenClaims, std::string> verify_token(const Jwt& token, const TrustedKeys& keys,
                                                     const TokenExpectations& expected, WallTime now);

}  // namespace berth
