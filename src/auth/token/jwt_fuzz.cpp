// Fuzzes tokens and key sets of others. Nobody has the private halves of the keys that are trusted here, so no token
// may ever hold; whatever is refused is refused with a reason that can stand in a log.
//
// The input is tried as it is, as a set of keys, and, cut at its NUL bytes, as header, claims and signature of a token:
// so that what is inside base64 is found, too.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "auth/token/token_verifier.h"
#include "base/failure.h"
#include "content/base64.h"
#include "tests/support/require.h"

namespace berth {
namespace {

// Their private halves were never written down.
constexpr const char* kKeys = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESbyABGPVkTzP2MuktB9qjGYTn43J
awjTO0dDEzgTQ1aR5377Na7ZzsbeeOdwR2d3NsJjmMMYPEI4BbGhF31h6A==
-----END PUBLIC KEY-----
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA6975bhFt7olNRLQzBwDA
H9fNN8rphae9+cVcYs69m2QlXVg7bfsULFWAVBkHADlz+GUiIAj6AkhIEAaHiCiA
Zt+kDNpmkqjmgTNkUa1zWvukxXhhBV2/daGe9pceZz8F3UGFDdtUhzaGxpz/YXBB
OHocTbs+7zopSLn9NrWrLZYJJ8to89j8NF6H0aSbwQ3dhf1injORWqAbKS/w9bHT
QTnR2LgfijnKlb4cy41MvXIMDhW8x466QUuNfgP3rU6iN8/Oy/KOsPQmaOmG24GK
x9SyXHF4qvJ5dx5GD2KpSIDS0+t+OIq7nHn55AsOJNjngyLwVg5Zyhp5qO1QoFjS
kQIDAQAB
-----END PUBLIC KEY-----
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEADEUiCGiJejtNqlbSuNGGj7rS/zKomhWy8YMf+to7Iac=
-----END PUBLIC KEY-----
)";

void check_words(std::string_view reason) {
  const bool is_printable =
      std::ranges::none_of(reason, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  require(!reason.empty() && reason.size() < 1000 && is_printable, "a refusal's words");
}

std::string base64url(std::string_view text) {
  return to_base64url(std::as_bytes(std::span(text)));
}

void check_token(std::string_view token) {
  static const std::shared_ptr<const TrustedKeys> keys =
      TrustedKeys::load({.bundle_text = kKeys, .bundle_name = "bundle"});
  static const TokenExpectations expected{.issuer = "auth", .service = "registry"};
  const auto parsed = Jwt::parse(token);
  if (!parsed) return check_words(parsed.error());
  require(parsed->signed_text + "." + base64url(parsed->signature) == token, "a token is its parts");
  const auto verified = verify_token(*parsed, *keys, expected, WallTime(std::chrono::seconds(1'700'000'000)));
  require(!verified, "a token that nobody signed");
  check_words(verified.error());
}

/// Keys that can be read can be named, and read again from what names them.
void check_set(std::string_view text) {
  const auto set = parse_jwk_set(text);
  if (!set) return check_words(set.error());
  for (const Jwk& jwk : *set) {
    const auto key = PublicKey::from_jwk(jwk);
    if (!key) {
      check_words(key.error());
      continue;
    }
    const auto again = parse_jwk_set("{\"keys\":[" + key->canonical_jwk() + "]}");
    require(again && again->size() == 1, "a key can be written");
    const auto same = PublicKey::from_jwk(again->at(0));
    require(same && same->is_same_as(*key) && same->thumbprint() == key->thumbprint(), "and is the same then");
  }
  try {
    TrustedKeys::load({.jwks_text = std::string(text), .jwks_name = "set"});
  } catch (const Failure&) {
    // Not good enough to trust, and said so.
  }
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  berth::check_token(text);
  berth::check_set(text);
  const std::size_t first = std::min(text.find('\0'), text.size());
  const std::string_view rest = text.substr(std::min(first + 1, text.size()));
  const std::size_t second = std::min(rest.find('\0'), rest.size());
  const std::string_view signature = rest.substr(std::min(second + 1, rest.size()));
  berth::check_token(berth::base64url(text.substr(0, first)) + "." + berth::base64url(rest.substr(0, second)) + "." +
                     berth::base64url(signature));
  return 0;
}
