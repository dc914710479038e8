// TrustedKeys: whose signatures count: auth.token's rootcertbundle and jwks.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/token/jwt.h"
#include "auth/token/public_key.h"
#include "auth/token/signature.h"
#include "base/clock.h"

struct x509_store_st;

namespace berth {

struct TrustedKeySource {
  std::string bundle_text = {};  ///< PEM: certificates and public keys
  std::string bundle_name = {};  ///< for messages
  std::string jwks_text = {};    ///< a JWK Set
  std::string jwks_name = {};
};

/// Threading: immutable; any thread.
class TrustedKeys {
 public:
  /// Throws Failure(internal) with one line about what cannot be used, or if there is no key at all. What only cannot
  /// be used for signatures (a set's keys for encryption, kinds of keys that nobody here knows) is left out.
  static std::shared_ptr<const TrustedKeys> load(const TrustedKeySource& source);

  /// The keys that may have signed the token, by what its header says, in Distribution's order: the certificate chain
  /// (x5c), the key itself (jwk), the key's name (kid, in any form: a set's, RFC 7638, libtrust, a certificate's SHA-1
  /// or SHA-256). A name that nobody knows, or none, leaves all of them: issuers name keys in many ways. Never a key
  /// that `algorithm` does not fit. Or the reason why there is none.
  std::expected<std::vector<PublicKey>, std::string> candidates(const Jwt& token, SignatureAlgorithm algorithm,
                                                                WallTime now) const;

  std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    PublicKey key;
    std::string algorithm = {};  ///< the only one it may be used with, if not empty
  };

  TrustedKeys();
  void add(PublicKey key, std::string algorithm, std::vector<std::string> names);
  void add_bundle(const TrustedKeySource& source);
  void add_set(const TrustedKeySource& source);
  std::expected<PublicKey, std::string> key_of_chain(const std::vector<std::string>& certificates, WallTime now) const;
  std::expected<PublicKey, std::string> trusted_key(const Jwk& jwk, WallTime now) const;
  std::vector<PublicKey> fitting(const std::vector<std::size_t>& indices, SignatureAlgorithm algorithm) const;

  std::vector<Key> keys_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;
  std::shared_ptr<x509_store_st> roots_;
};

}  // namespace berth
