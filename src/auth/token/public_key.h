// PublicKey: a key that signatures of tokens are checked with.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token/jwk.h"
#include "base/clock.h"

struct evp_pkey_st;

namespace berth {

enum class KeyType { rsa, p256, p384, p521, ed25519 };

/// Immutable; any thread.
class PublicKey {
 public:
  /// Takes the reference. Nothing but RSA of 2048 bits and more, the three NIST curves and Ed25519.
  static std::expected<PublicKey, std::string> adopt(evp_pkey_st* key);
  static std::expected<PublicKey, std::string> from_jwk(const Jwk& jwk);

  KeyType type() const { return type_; }
  evp_pkey_st* get() const { return key_.get(); }
  bool is_same_as(const PublicKey& other) const;

  /// The public half as a JWK without kid, its members in the order of their names (RFC 7638, 3.2).
  std::string canonical_jwk() const;
  /// RFC 7638: base64url of SHA-256 of the canonical JWK.
  std::string thumbprint() const;
  /// Docker's libtrust: 12 groups of 4 base32 characters of SHA-256 of the DER form, joined by ":".
  std::string libtrust_id() const;

 private:
  PublicKey(std::shared_ptr<evp_pkey_st> key, KeyType type) : key_(std::move(key)), type_(type) {}

  std::shared_ptr<evp_pkey_st> key_;
  KeyType type_;
};

}  // namespace berth
