#include "auth/token/signature.h"

#include <openssl/rsa.h>

#include <array>
#include <utility>

#include "auth/token/openssl_ptr.h"
#include "base/failure.h"

namespace berth {
namespace {

constexpr std::array<std::pair<std::string_view, SignatureAlgorithm>, 10> kNames{{
    {"RS256", SignatureAlgorithm::rs256},
    {"RS384", SignatureAlgorithm::rs384},
    {"RS512", SignatureAlgorithm::rs512},
    {"PS256", SignatureAlgorithm::ps256},
    {"PS384", SignatureAlgorithm::ps384},
    {"PS512", SignatureAlgorithm::ps512},
    {"ES256", SignatureAlgorithm::es256},
    {"ES384", SignatureAlgorithm::es384},
    {"ES512", SignatureAlgorithm::es512},
    {"EdDSA", SignatureAlgorithm::eddsa},
}};

const EVP_MD* hash_of(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::rs256:
    case SignatureAlgorithm::ps256:
    case SignatureAlgorithm::es256:
      return EVP_sha256();
    case SignatureAlgorithm::rs384:
    case SignatureAlgorithm::ps384:
    case SignatureAlgorithm::es384:
      return EVP_sha384();
    case SignatureAlgorithm::rs512:
    case SignatureAlgorithm::ps512:
    case SignatureAlgorithm::es512:
      return EVP_sha512();
    case SignatureAlgorithm::eddsa:
      return nullptr;  // it has its own
  }
  return nullptr;
}

bool is_pss(SignatureAlgorithm algorithm) {
  return algorithm == SignatureAlgorithm::ps256 || algorithm == SignatureAlgorithm::ps384 ||
         algorithm == SignatureAlgorithm::ps512;
}

/// Of each of the two numbers of an ECDSA signature; 0 for other algorithms.
std::size_t number_bytes(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::es256:
      return 32;
    case SignatureAlgorithm::es384:
      return 48;
    case SignatureAlgorithm::es512:
      return 66;
    default:
      return 0;
  }
}

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// RFC 7518, 3.4: the two numbers side by side, each as long as the curve says; OpenSSL wants them in DER.
std::string der_of(std::string_view signature, std::size_t size) {
  if (signature.size() != 2 * size) return {};
  const SignaturePtr numbers(ECDSA_SIG_new());
  BigNumberPtr r(BN_bin2bn(unsigned_bytes(signature), static_cast<int>(size), nullptr));
  BigNumberPtr s(BN_bin2bn(unsigned_bytes(signature.substr(size)), static_cast<int>(size), nullptr));
  if (!numbers || !r || !s || ECDSA_SIG_set0(numbers.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();
  (void)s.release();
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(numbers.get(), &der);
  if (length <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return text;
}

}  // namespace

std::optional<SignatureAlgorithm> find_signature_algorithm(std::string_view name) {
  for (const auto& [known, algorithm] : kNames) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

std::string_view to_string(SignatureAlgorithm algorithm) {
  for (const auto& [name, known] : kNames) {
    if (known == algorithm) return name;
  }
  return {};
}

bool fits(SignatureAlgorithm algorithm, KeyType type) {
  switch (algorithm) {
    case SignatureAlgorithm::rs256:
    case SignatureAlgorithm::rs384:
    case SignatureAlgorithm::rs512:
    case SignatureAlgorithm::ps256:
    case SignatureAlgorithm::ps384:
    case SignatureAlgorithm::ps512:
      return type == KeyType::rsa;
    case SignatureAlgorithm::es256:
      return type == KeyType::p256;
    case SignatureAlgorithm::es384:
      return type == KeyType::p384;
    case SignatureAlgorithm::es512:
      return type == KeyType::p521;
    case SignatureAlgorithm::eddsa:
      return type == KeyType::ed25519;
  }
  return false;
}

bool is_signed_by(const PublicKey& key, SignatureAlgorithm algorithm, std::string_view text,
                  std::string_view signature) {
  if (!fits(algorithm, key.type()) || signature.empty()) return false;
  std::string der;
  if (const std::size_t size = number_bytes(algorithm); size > 0) {
    der = der_of(signature, size);
    if (der.empty()) return false;
    signature = der;
  }
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  bool is_right =
      context && EVP_DigestVerifyInit(context.get(), &key_context, hash_of(algorithm), nullptr, key.get()) == 1;
  if (is_right && is_pss(algorithm)) {
    is_right = EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_AUTO) == 1;
  }
  is_right = is_right && EVP_DigestVerify(context.get(), unsigned_bytes(signature), signature.size(),
                                          unsigned_bytes(text), text.size()) == 1;
  ERR_clear_error();  // a wrong signature leaves one, which the next TLS connection would take for its own
  return is_right;
}

std::string sign_es256(evp_pkey_st* key, std::string_view text) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  std::string der(80, '\0');
  std::size_t size = der.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size, unsigned_bytes(text),
                     text.size()) != 1) {
    throw Failure(FailureKind::internal, "cannot sign a token: " + openssl_reason());
  }
  const unsigned char* at = unsigned_bytes(der);
  const SignaturePtr numbers(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!numbers) throw Failure(FailureKind::internal, "cannot sign a token: " + openssl_reason());
  constexpr std::size_t kNumberBytes = 32;
  std::string signature(2 * kNumberBytes, '\0');
  auto* const into = reinterpret_cast<unsigned char*>(signature.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(numbers.get()), into, kNumberBytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(numbers.get()), into + kNumberBytes, kNumberBytes);
  return signature;
}

}  // namespace berth
