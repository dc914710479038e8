#include "auth/token/trusted_keys.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <numeric>
#include <span>
#include <utility>

#include "auth/token/openssl_ptr.h"
#include "base/failure.h"
#include "base/hex.h"
#include "content/base64.h"
#include "content/printable.h"

namespace berth {
namespace {

using ChainPtr =
    std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); })>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;

[[noreturn]] void fail(const std::string& line) {
  throw Failure(FailureKind::internal, line);
}

/// SHA-1 and SHA-256 of a certificate in the forms that issuers use as kid: base64url (x5t, x5t#S256) and hex.
std::vector<std::string> certificate_names(X509* certificate) {
  std::vector<std::string> names;
  for (const EVP_MD* hash : {EVP_sha1(), EVP_sha256()}) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate, hash, digest.data(), &size) != 1) continue;
    const auto bytes = std::as_bytes(std::span(digest).first(size));
    names.push_back(to_base64url(bytes));
    names.push_back(to_hex(bytes));
  }
  return names;
}

std::vector<std::string> key_names(const PublicKey& key) {
  return {key.thumbprint(), key.libtrust_id()};
}

CertificatePtr certificate_from_der(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return certificate;
}

}  // namespace

TrustedKeys::TrustedKeys() : roots_(X509_STORE_new(), X509_STORE_free) {}

std::shared_ptr<const TrustedKeys> TrustedKeys::load(const TrustedKeySource& source) {
  const std::shared_ptr<TrustedKeys> keys(new TrustedKeys());
  if (!source.bundle_text.empty()) keys->add_bundle(source);
  if (!source.jwks_text.empty()) keys->add_set(source);
  if (keys->keys_.empty()) fail("token auth requires at least one token signing key");
  return keys;
}

void TrustedKeys::add(PublicKey key, std::string algorithm, std::vector<std::string> names) {
  const std::size_t index = keys_.size();
  for (std::string& name : names) by_name_[std::move(name)].push_back(index);
  keys_.push_back({.key = std::move(key), .algorithm = std::move(algorithm)});
}

void TrustedKeys::add_bundle(const TrustedKeySource& source) {
  const BioPtr file(BIO_new_mem_buf(source.bundle_text.data(), static_cast<int>(source.bundle_text.size())));
  for (std::size_t block = 1;; ++block) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(file.get(), &name, &header, &data, &size) != 1) break;
    const std::string kind = name;
    const std::string der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    const std::string where = source.bundle_name + ", block " + std::to_string(block) + ": ";
    std::vector<std::string> names;
    EVP_PKEY* raw = nullptr;
    if (kind == "CERTIFICATE") {
      const CertificatePtr certificate = certificate_from_der(der);
      if (!certificate) fail(where + "not a certificate");
      X509_STORE_add_cert(roots_.get(), certificate.get());
      names = certificate_names(certificate.get());
      raw = X509_get_pubkey(certificate.get());
    } else if (kind == "PUBLIC KEY") {
      const auto* at = reinterpret_cast<const unsigned char*>(der.data());
      raw = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
    } else {
      continue;  // a private key that was left in, parameters: Distribution skips them, too
    }
    if (raw == nullptr) fail(where + "not a public key: " + openssl_reason());
    auto key = PublicKey::adopt(raw);
    if (!key) fail(where + key.error());
    const std::vector<std::string> of_key = key_names(*key);
    names.insert(names.end(), of_key.begin(), of_key.end());
    add(std::move(*key), {}, std::move(names));
  }
  ERR_clear_error();
  if (keys_.empty()) fail(source.bundle_name + " holds neither a PEM certificate nor a PEM public key");
}

void TrustedKeys::add_set(const TrustedKeySource& source) {
  const auto set = parse_jwk_set(source.jwks_text);
  if (!set) fail(source.jwks_name + " is not a JSON Web Key Set: " + set.error());
  for (std::size_t i = 0; i < set->size(); ++i) {
    const Jwk& jwk = (*set)[i];
    const bool is_of_use = jwk.use != "enc" && (jwk.type == "RSA" || jwk.type == "EC" || jwk.type == "OKP");
    if (!is_of_use) continue;
    auto key = PublicKey::from_jwk(jwk);
    if (!key) fail(source.jwks_name + ", keys[" + std::to_string(i) + "]: " + key.error());
    std::vector<std::string> names = key_names(*key);
    if (!jwk.key_id.empty()) names.push_back(jwk.key_id);
    add(std::move(*key), jwk.algorithm, std::move(names));
  }
}

std::expected<std::vector<PublicKey>, std::string> TrustedKeys::candidates(const Jwt& token,
                                                                           SignatureAlgorithm algorithm,
                                                                           WallTime now) const {
  // Whoever sends a chain or a key is held to it: one that is not trusted does not fall through to the next.
  if (!token.certificates.empty() || token.key) {
    auto key = token.certificates.empty() ? trusted_key(*token.key, now) : key_of_chain(token.certificates, now);
    if (!key) return std::unexpected(std::move(key.error()));
    if (!fits(algorithm, key->type())) return std::unexpected("the algorithm does not fit the key it names");
    return std::vector<PublicKey>{std::move(*key)};
  }
  std::vector<std::size_t> indices(keys_.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  const auto named = token.key_id ? by_name_.find(*token.key_id) : by_name_.end();
  std::vector<PublicKey> found = fitting(named == by_name_.end() ? indices : named->second, algorithm);
  if (found.empty()) {
    return std::unexpected("no trusted key fits its algorithm and kid \"" + printable(token.key_id.value_or("")) +
                           "\"");
  }
  return found;
}

std::vector<PublicKey> TrustedKeys::fitting(const std::vector<std::size_t>& indices,
                                            SignatureAlgorithm algorithm) const {
  std::vector<PublicKey> found;
  for (const std::size_t index : indices) {
    const Key& key = keys_[index];
    const bool is_meant = key.algorithm.empty() || key.algorithm == to_string(algorithm);
    if (is_meant && fits(algorithm, key.key.type())) found.push_back(key.key);
  }
  return found;
}

std::expected<PublicKey, std::string> TrustedKeys::key_of_chain(const std::vector<std::string>& certificates,
                                                                WallTime now) const {
  std::vector<CertificatePtr> chain;
  for (const std::string& der : certificates) {
    chain.push_back(certificate_from_der(der));
    if (!chain.back()) return std::unexpected("x5c holds what is no certificate");
  }
  const ChainPtr between(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    X509_up_ref(chain[i].get());
    sk_X509_push(between.get(), chain[i].get());
  }
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), roots_.get(), chain.front().get(), between.get()) != 1) {
    return std::unexpected("x5c cannot be checked: " + openssl_reason());
  }
  // Every certificate of the bundle is trusted for itself, as in Go, and for whatever it says it is for.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(context.get()), X509_PURPOSE_ANY);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(seconds));
  const bool is_trusted = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!is_trusted) {
    const int error = X509_STORE_CTX_get_error(context.get());
    return std::unexpected(std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(error));
  }
  EVP_PKEY* key = X509_get_pubkey(chain.front().get());
  if (key == nullptr) return std::unexpected("its certificate has no key: " + openssl_reason());
  return PublicKey::adopt(key);
}

std::expected<PublicKey, std::string> TrustedKeys::trusted_key(const Jwk& jwk, WallTime now) const {
  auto key = PublicKey::from_jwk(jwk);
  if (!key) return std::unexpected("its jwk cannot be used: " + key.error());
  for (const Key& trusted : keys_) {
    if (trusted.key.is_same_as(*key)) return key;
  }
  if (jwk.certificates.empty()) return std::unexpected("its jwk is not a trusted key");
  auto of_chain = key_of_chain(jwk.certificates, now);
  if (of_chain && !of_chain->is_same_as(*key)) return std::unexpected("its jwk is not the key of its certificate");
  return of_chain;
}

}  // namespace berth
