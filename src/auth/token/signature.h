// Signatures of JSON Web Tokens (RFC 7518, 3; RFC 8037).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/token/public_key.h"

namespace berth {

enum class SignatureAlgorithm { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512, eddsa };

/// By the name that `alg` has. Nothing for "none" and for HMAC: with a public key as its secret anybody could sign.
std::optional<SignatureAlgorithm> find_signature_algorithm(std::string_view name);
std::string_view to_string(SignatureAlgorithm algorithm);

/// Whether a key of that type can have made such a signature: RSA for RS and PS, each EC curve for its own, Ed25519.
bool fits(SignatureAlgorithm algorithm, KeyType type);

/// Whether `key`, which fits, signed `text`.
bool is_signed_by(const PublicKey& key, SignatureAlgorithm algorithm, std::string_view text,
                  std::string_view signature);

/// ES256 with a private key on P-256. Throws Failure(internal) if OpenSSL cannot.
std::string sign_es256(evp_pkey_st* key, std::string_view text);

}  // namespace berth
