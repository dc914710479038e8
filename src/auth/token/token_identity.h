// Who a token's claims say the caller is, and what for.
#pragma once

#include <memory>

#include "auth/identity.h"
#include "auth/token/jwt.h"

namespace berth {

enum class TokenOrigin { berth, foreign };

/// Entries of `access` that this registry has nothing for (other types, names that are none) grant nothing. Groups, and
/// that somebody is a robot, are taken from tokens that Berth signed only.
std::shared_ptr<const Identity> identity_of(const TokenClaims& claims, TokenOrigin origin);

}  // namespace berth
