#include "auth/token/public_key.h"

#include <openssl/core_names.h>

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "auth/token/openssl_ptr.h"
#include "base/failure.h"
#include "content/base64.h"
#include "content/digest.h"

namespace berth {
namespace {

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;
constexpr std::size_t kLongestMember = 2048;

struct Curve {
  KeyType type;
  const char* jwk_name;
  const char* openssl_name;
  std::size_t coordinate_bytes;
};
constexpr std::array kCurves{Curve{KeyType::p256, "P-256", SN_X9_62_prime256v1, 32},
                             Curve{KeyType::p384, "P-384", SN_secp384r1, 48},
                             Curve{KeyType::p521, "P-521", SN_secp521r1, 66}};

const Curve* find_curve(std::string_view jwk_name) {
  for (const Curve& curve : kCurves) {
    if (curve.jwk_name == jwk_name) return &curve;
  }
  return nullptr;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

const unsigned char* unsigned_bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::expected<std::string, std::string> decoded(const std::string& member, const char* name) {
  std::optional<std::string> bytes = member.size() <= kLongestMember ? from_base64url(member) : std::nullopt;
  if (!bytes || bytes->empty()) return std::unexpected("its " + std::string(name) + " is not base64url");
  return std::move(*bytes);
}

std::expected<PublicKey, std::string> make_key(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return std::unexpected("it is no key: " + openssl_reason());
  }
  return PublicKey::adopt(key);
}

std::expected<PublicKey, std::string> rsa_from_jwk(const Jwk& jwk) {
  const auto n = decoded(jwk.n, "n");
  if (!n) return std::unexpected(n.error());
  const auto e = decoded(jwk.e, "e");
  if (!e) return std::unexpected(e.error());
  const BigNumberPtr modulus(BN_bin2bn(unsigned_bytes(*n), static_cast<int>(n->size()), nullptr));
  const BigNumberPtr exponent(BN_bin2bn(unsigned_bytes(*e), static_cast<int>(e->size()), nullptr));
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return make_key("RSA", builder.get());
}

std::expected<PublicKey, std::string> ec_from_jwk(const Jwk& jwk) {
  const Curve* curve = find_curve(jwk.curve);
  if (curve == nullptr) return std::unexpected("its curve is none of P-256, P-384 and P-521");
  const auto x = decoded(jwk.x, "x");
  if (!x) return std::unexpected(x.error());
  const auto y = decoded(jwk.y, "y");
  if (!y) return std::unexpected(y.error());
  if (x->size() != curve->coordinate_bytes || y->size() != curve->coordinate_bytes) {
    return std::unexpected("its coordinates are not of the curve's size");
  }
  const std::string point = '\x04' + *x + *y;  // uncompressed; OpenSSL checks that it lies on the curve
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl_name, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return make_key("EC", builder.get());
}

std::expected<PublicKey, std::string> okp_from_jwk(const Jwk& jwk) {
  if (jwk.curve != "Ed25519") return std::unexpected("its curve is not Ed25519");
  const auto x = decoded(jwk.x, "x");
  if (!x) return std::unexpected(x.error());
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, unsigned_bytes(*x), x->size());
  if (key == nullptr) return std::unexpected("it is no key: " + openssl_reason());
  return PublicKey::adopt(key);
}

std::string number_member(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
    throw Failure(FailureKind::internal, "a key without " + std::string(name) + ": " + openssl_reason());
  }
  const BigNumberPtr owner(number);
  if (size == 0) size = static_cast<std::size_t>(BN_num_bytes(number));
  std::string bytes(size, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
  return to_base64url(bytes_of(bytes));
}

}  // namespace

std::expected<PublicKey, std::string> PublicKey::adopt(evp_pkey_st* key) {
  std::shared_ptr<evp_pkey_st> owner(key, EVP_PKEY_free);
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kLeastRsaBits || bits > kMostRsaBits) {
      return std::unexpected("an RSA key of " + std::to_string(bits) + " bits is not taken (2048 to 8192)");
    }
    return PublicKey(std::move(owner), KeyType::rsa);
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return PublicKey(std::move(owner), KeyType::ed25519);
  std::array<char, 64> group{};
  if (EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1) {
    for (const Curve& curve : kCurves) {
      if (std::string_view(group.data()) == curve.openssl_name) return PublicKey(std::move(owner), curve.type);
    }
  }
  return std::unexpected("it is neither RSA nor on P-256, P-384, P-521 or Ed25519");
}

std::expected<PublicKey, std::string> PublicKey::from_jwk(const Jwk& jwk) {
  if (jwk.type == "RSA") return rsa_from_jwk(jwk);
  if (jwk.type == "EC") return ec_from_jwk(jwk);
  if (jwk.type == "OKP") return okp_from_jwk(jwk);
  return std::unexpected("its kty is none of RSA, EC and OKP");
}

bool PublicKey::is_same_as(const PublicKey& other) const {
  return type_ == other.type_ && EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
}

std::string PublicKey::canonical_jwk() const {
  if (type_ == KeyType::rsa) {
    return R"({"e":")" + number_member(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0) + R"(","kty":"RSA","n":")" +
           number_member(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0) + "\"}";
  }
  if (type_ == KeyType::ed25519) {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
    return R"({"crv":"Ed25519","kty":"OKP","x":")" + to_base64url(bytes_of(raw)) + "\"}";
  }
  for (const Curve& curve : kCurves) {
    if (curve.type != type_) continue;
    return R"({"crv":")" + std::string(curve.jwk_name) + R"(","kty":"EC","x":")" +
           number_member(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, curve.coordinate_bytes) + R"(","y":")" +
           number_member(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, curve.coordinate_bytes) + "\"}";
  }
  return {};
}

std::string PublicKey::thumbprint() const {
  return to_base64url(digest_of(HashAlgorithm::sha256, canonical_jwk()).bytes());
}

std::string PublicKey::libtrust_id() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) return {};
  const std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  const Digest digest = digest_of(HashAlgorithm::sha256, text);
  const auto bytes = digest.bytes();
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id;
  for (std::size_t bit = 0; bit < 240; bit += 5) {
    // Five bits, of up to two bytes.
    const unsigned pair =
        std::to_integer<unsigned>(bytes[bit / 8]) << 8U | std::to_integer<unsigned>(bytes[bit / 8 + 1]);
    if (bit > 0 && bit % 20 == 0) id += ':';
    id += kAlphabet[pair >> (11 - bit % 8) & 31U];
  }
  return id;
}

}  // namespace berth
