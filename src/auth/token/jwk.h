// Jwk: a JSON Web Key (RFC 7517) as it is written. What it means is PublicKey's business. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/json_document.h"

namespace berth {

struct Jwk {
  std::string type;  ///< kty: "RSA", "EC", "OKP", "oct"
  std::string key_id = {};
  std::string algorithm = {};  ///< alg; empty: any that fits the type
  std::string use = {};        ///< "sig", "enc" or empty
  std::string curve = {};      ///< crv
  // Base64url, as they came.
  std::string x = {};
  std::string y = {};
  std::string n = {};
  std::string e = {};
  std::vector<std::string> certificates = {};  ///< x5c, decoded: DER

  /// Nothing if a member has a type that it must not have. Private parts and unknown members are not read.
  static std::optional<Jwk> read(const JsonValue& value);
};

/// The keys of a JWK Set: `{"keys": [...]}`. The value, or the reason why it is none.
std::expected<std::vector<Jwk>, std::string> parse_jwk_set(std::string_view text);

/// Reads x5c (RFC 7515, 4.1.6) of a header or key; false if it is not a list of 1 to 10 texts in base64.
bool read_certificates(const JsonValue& object, std::vector<std::string>& into);

}  // namespace berth
