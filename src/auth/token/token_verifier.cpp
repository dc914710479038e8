#include "auth/token/token_verifier.h"

#include <algorithm>

#include "content/printable.h"

namespace berth {
namespace {

using Reason = std::expected<void, std::string>;

Reason check_algorithm(const Jwt& token, const TokenExpectations& expected,
                       std::optional<SignatureAlgorithm>& algorithm) {
  algorithm = find_signature_algorithm(token.algorithm);
  if (!algorithm) return std::unexpected("its algorithm \"" + printable(token.algorithm) + "\" is not accepted");
  const auto& wanted = expected.algorithms;
  if (!wanted.empty() && std::ranges::find(wanted, *algorithm) == wanted.end()) {
    return std::unexpected("its algorithm " + token.algorithm + " is not among those that are accepted");
  }
  return {};
}

Reason check_signature(const Jwt& token, const TrustedKeys& keys, SignatureAlgorithm algorithm, WallTime now) {
  const auto candidates = keys.candidates(token, algorithm, now);
  if (!candidates) return std::unexpected(candidates.error());
  for (const PublicKey& key : *candidates) {
    if (is_signed_by(key, algorithm, token.signed_text, token.signature)) return {};
  }
  return std::unexpected("its signature is wrong");
}

Reason check_times(const TokenClaims& claims, std::chrono::seconds leeway, WallTime now) {
  const double at = std::chrono::duration<double>(now.time_since_epoch()).count();
  const double slack = std::chrono::duration<double>(leeway).count();
  if (!claims.expires) return std::unexpected("it has no exp, so it has expired");
  if (at - slack > *claims.expires) return std::unexpected("it has expired");
  if (claims.not_before && at + slack < *claims.not_before) return std::unexpected("it is not valid yet");
  return {};
}

}  // namespace

std::expected<TokenClaims, std::string> verify_token(const Jwt& token, const TrustedKeys& keys,
                                                     const TokenExpectations& expected, WallTime now) {
  std::optional<SignatureAlgorithm> algorithm;
  if (const Reason is = check_algorithm(token, expected, algorithm); !is) return std::unexpected(is.error());
  if (!expected.type.empty() && token.type != expected.type) return std::unexpected("it is not a token of this kind");
  if (const Reason is = check_signature(token, keys, *algorithm, now); !is) return std::unexpected(is.error());
  const TokenClaims& claims = token.claims;
  if (claims.issuer != expected.issuer) {
    return std::unexpected("its issuer \"" + printable(claims.issuer) + "\" is not the one that is trusted");
  }
  if (std::ranges::find(claims.audience, expected.service) == claims.audience.end()) {
    return std::unexpected("its audience is not this service");
  }
  if (const Reason is = check_times(claims, expected.leeway, now); !is) return std::unexpected(is.error());
  return claims;
}

}  // namespace berth
