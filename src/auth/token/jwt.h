// Jwt: a JSON Web Token (RFC 7519) in its compact form, taken apart. Nothing in it is true before its signature is
// checked. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token/jwk.h"

namespace berth {

/// One entry of `access` (Docker's token specification).
struct TokenAccess {
  std::string type;  ///< "repository", "registry"
  std::string name;
  std::vector<std::string> actions;  ///< "pull", "push", "delete", "*"
};

struct TokenClaims {
  std::string issuer = {};
  std::string subject = {};
  std::vector<std::string> audience = {};
  std::optional<double> expires = {};  ///< seconds since 1970 UTC
  std::optional<double> not_before = {};
  std::vector<TokenAccess> access = {};
  // Of tokens that Berth signed.
  std::string kind = {};  ///< "robot"; empty for users
  std::vector<std::string> groups = {};
  std::string stamp = {};  ///< of a refresh token: the account's when it was given out
};

struct Jwt {
  std::string algorithm = {};
  std::string type = {};  ///< typ; may be empty
  std::optional<std::string> key_id = {};
  std::vector<std::string> certificates = {};  ///< x5c, decoded: DER, the signer's first
  std::optional<Jwk> key = {};                 ///< jwk
  TokenClaims claims = {};
  std::string signed_text = {};
  std::string signature = {};

  /// The value, or the reason why it is none. Refused: more than 32 KiB, names that appear twice in an object, `crit`
  /// (no extension is understood), members of a type that they must not have.
  static std::expected<Jwt, std::string> parse(std::string_view token);
};

}  // namespace berth
