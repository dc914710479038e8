// What tests of tokens share: keys, certificates, and a signer that signs whatever it is told to.
#pragma once

#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/token/openssl_ptr.h"
#include "auth/token/public_key.h"
#include "content/base64.h"

namespace berth {

inline std::string base64url(std::string_view text) {
  return to_base64url(std::as_bytes(std::span(text)));
}

class TestKey {
 public:
  static TestKey rsa(int bits = 2048) {
    return TestKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
  }
  static TestKey ec(const char* curve = "P-256") { return TestKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve)); }
  static TestKey ed25519() { return TestKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  EVP_PKEY* get() const { return key_.get(); }
  PublicKey public_key() const {
    EVP_PKEY_up_ref(key_.get());
    return PublicKey::adopt(key_.get()).value();
  }
  std::string public_pem() const {
    const BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(out.get(), key_.get());
    return text_of(out.get());
  }
  /// A set of this one key.
  std::string jwk(const std::string& more = {}) const {
    std::string text = public_key().canonical_jwk();
    text.pop_back();
    return text + more + "}";
  }
  std::string jwks(const std::string& more = {}) const { return "{\"keys\":[" + jwk(more) + "]}"; }

  static std::string text_of(BIO* out) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    return {data, static_cast<std::size_t>(size)};
  }

 private:
  explicit TestKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
  std::shared_ptr<EVP_PKEY> key_;
};

/// The raw signature of JWS, whatever `alg` is; "none" has an empty one, HS256 takes `secret`.
inline std::string sign(const std::string& alg, EVP_PKEY* key, const std::string& text,
                        const std::string& secret = {}) {
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  const EVP_MD* hash = alg.ends_with("384") ? EVP_sha384() : alg.ends_with("512") ? EVP_sha512() : EVP_sha256();
  if (key == nullptr && !alg.starts_with("HS")) return {};  // "none", however it is spelled
  if (alg.starts_with("HS")) {
    std::string mac(64, '\0');
    unsigned size = 0;
    HMAC(hash, secret.data(), static_cast<int>(secret.size()), data, text.size(),
         reinterpret_cast<unsigned char*>(mac.data()), &size);
    return mac.substr(0, size);
  }
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  EVP_DigestSignInit(context.get(), &options, alg == "EdDSA" ? nullptr : hash, nullptr, key);
  if (alg.starts_with("PS")) {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
  }
  std::string signature(2048, '\0');
  std::size_t size = signature.size();
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, text.size());
  signature.resize(size);
  if (!alg.starts_with("ES")) return signature;
  const auto* at = reinterpret_cast<const unsigned char*>(signature.data());
  const SignaturePtr numbers(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  const int each = alg == "ES256" ? 32 : alg == "ES384" ? 48 : 66;
  std::string raw(static_cast<std::size_t>(2 * each), '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(numbers.get()), reinterpret_cast<unsigned char*>(raw.data()), each);
  BN_bn2binpad(ECDSA_SIG_get0_s(numbers.get()), reinterpret_cast<unsigned char*>(raw.data()) + each, each);
  return raw;
}

/// `header_more` and `claims` are JSON members: `,"kid":"x"`, `"iss":"a","aud":"b"`.
inline std::string make_token(const std::string& alg, EVP_PKEY* key, const std::string& header_more,
                              const std::string& claims, const std::string& secret = {}) {
  const std::string text =
      base64url("{\"typ\":\"JWT\",\"alg\":\"" + alg + "\"" + header_more + "}") + "." + base64url("{" + claims + "}");
  return text + "." + base64url(sign(alg, key, text, secret));
}

/// A certificate for `subject`, signed by `issuer` (itself if it is null), valid from `from` for `days`.
class TestCertificate {
 public:
  TestCertificate(const std::string& name, const TestKey& key, const TestCertificate* issuer, const TestKey& issuer_key,
                  time_t from, int days)
      : certificate_(X509_new(), X509_free) {
    X509* const made = certificate_.get();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), static_cast<long>(name.size()) + 7);
    ASN1_TIME_set(X509_getm_notBefore(made), from);
    ASN1_TIME_adj(X509_getm_notAfter(made), from, days, 0);
    X509_set_pubkey(made, key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(issuer != nullptr ? issuer->certificate_.get() : made));
    X509_EXTENSION* const basic = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(made, basic, -1);
    X509_EXTENSION_free(basic);
    const bool has_own_hash = EVP_PKEY_is_a(issuer_key.get(), "ED25519") == 1;
    X509_sign(made, issuer_key.get(), has_own_hash ? nullptr : EVP_sha256());
  }

  std::string pem() const {
    const BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate_.get());
    return TestKey::text_of(out.get());
  }
  std::string der_base64() const {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate_.get(), &der);
    const std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return to_base64(std::as_bytes(std::span(text)));
  }

 private:
  std::shared_ptr<X509> certificate_;
};

}  // namespace berth
