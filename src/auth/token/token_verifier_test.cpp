#include "auth/token/token_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "auth/access_limit.h"
#include "auth/token/token_fixture.h"
#include "auth/token/token_identity.h"
#include "base/failure.h"
#include "tests/support/manual_clock.h"

namespace berth {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'700'000'000;

WallTime at(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

std::string claims(const std::string& more = {}) {
  return R"("iss":"auth","aud":"registry","sub":"alice","exp":1700000300,"nbf":1700000000,)"
         R"("access":[{"type":"repository","name":"team/app","actions":["pull"]}])" +
         more;
}

class TokenVerifier : public testing::Test {
 protected:
  /// "" if it holds, else why not.
  std::string check(const std::string& token, const TrustedKeys& keys) const {
    const auto parsed = Jwt::parse(token);
    if (!parsed) return parsed.error();
    const auto verified = verify_token(*parsed, keys, expected_, at(now_));
    return verified ? "" : verified.error();
  }
  std::string check(const std::string& token) const { return check(token, *keys_); }
  static std::shared_ptr<const TrustedKeys> trust(const std::string& pem, const std::string& jwks = {}) {
    return TrustedKeys::load({.bundle_text = pem, .bundle_name = "bundle", .jwks_text = jwks, .jwks_name = "jwks"});
  }

  const TestKey key_ = TestKey::ec();
  std::shared_ptr<const TrustedKeys> keys_ = trust(key_.public_pem());
  TokenExpectations expected_{.issuer = "auth", .service = "registry"};
  std::int64_t now_ = kNow;
};

TEST_F(TokenVerifier, TakesEveryAlgorithmWithItsKey) {
  const TestKey rsa = TestKey::rsa();
  const TestKey p384 = TestKey::ec("P-384");
  const TestKey p521 = TestKey::ec("P-521");
  const TestKey ed = TestKey::ed25519();
  const auto keys =
      trust(rsa.public_pem() + key_.public_pem() + p384.public_pem() + p521.public_pem() + ed.public_pem());
  for (const auto& [alg, key] : std::initializer_list<std::pair<const char*, const TestKey*>>{{"RS256", &rsa},
                                                                                              {"RS384", &rsa},
                                                                                              {"RS512", &rsa},
                                                                                              {"PS256", &rsa},
                                                                                              {"PS384", &rsa},
                                                                                              {"PS512", &rsa},
                                                                                              {"ES256", &key_},
                                                                                              {"ES384", &p384},
                                                                                              {"ES512", &p521},
                                                                                              {"EdDSA", &ed}}) {
    std::string token = make_token(alg, key->get(), "", claims());
    EXPECT_EQ(check(token, *keys), "") << alg;
    token[token.rfind('.') + 5] = token[token.rfind('.') + 5] == 'A' ? 'B' : 'A';
    EXPECT_EQ(check(token, *keys), "its signature is wrong") << alg;
  }
}

TEST_F(TokenVerifier, FindsTheKeyByAnyFormOfItsName) {
  const TestKey other = TestKey::ec();
  const TestCertificate certificate("signer", key_, nullptr, key_, kNow - 1000, 10);
  const auto keys = trust(certificate.pem() + other.public_pem(), TestKey::rsa().jwks(R"(,"kid":"mine")"));
  const auto with_kid = [&](const std::string& kid) {
    return make_token("ES256", key_.get(), R"(,"kid":")" + kid + "\"", claims());
  };
  const PublicKey key = key_.public_key();
  EXPECT_EQ(check(with_kid(key.thumbprint()), *keys), "");
  EXPECT_EQ(check(with_kid(key.libtrust_id()), *keys), "");
  EXPECT_EQ(check(with_kid("a name that nobody knows"), *keys), "") << "every key is tried";
  EXPECT_EQ(check(make_token("ES256", key_.get(), "", claims()), *keys), "");
  EXPECT_EQ(check(with_kid(other.public_key().thumbprint()), *keys), "its signature is wrong");
  EXPECT_THAT(check(with_kid("mine"), *keys), HasSubstr("no trusted key fits")) << "that one is RSA";
}

TEST_F(TokenVerifier, TakesASetOfKeys) {
  const TestKey ed = TestKey::ed25519();
  const std::string set = "{\"keys\":[" + key_.jwk(R"(,"kid":"one","use":"sig","alg":"ES256")") + "," +
                          ed.jwk(R"(,"kid":"two")") + "," + TestKey::rsa().jwk(R"(,"use":"enc")") +
                          R"(,{"kty":"oct","k":"c2VjcmV0","kid":"three"}]})";
  const auto keys = trust("", set);
  EXPECT_EQ(keys->size(), 2U);
  EXPECT_EQ(check(make_token("ES256", key_.get(), R"(,"kid":"one")", claims()), *keys), "");
  EXPECT_EQ(check(make_token("EdDSA", ed.get(), R"(,"kid":"two")", claims()), *keys), "");
  EXPECT_THAT(check(make_token("HS256", nullptr, R"(,"kid":"three")", claims(), "secret"), *keys),
              HasSubstr("not accepted"));
}

TEST_F(TokenVerifier, TakesAChainThatEndsInTheBundle) {
  const TestKey root_key = TestKey::ec();
  const TestKey middle_key = TestKey::rsa();
  const TestKey stranger_key = TestKey::ec();
  const TestCertificate root("root", root_key, nullptr, root_key, kNow - 1000, 10);
  const TestCertificate middle("middle", middle_key, &root, root_key, kNow - 1000, 10);
  const TestCertificate leaf("leaf", key_, &middle, middle_key, kNow - 1000, 10);
  const TestCertificate stranger("root", stranger_key, nullptr, stranger_key, kNow - 1000, 10);
  const auto x5c = [](std::initializer_list<const TestCertificate*> chain) {
    std::string list;
    for (const TestCertificate* each : chain) list += (list.empty() ? "\"" : ",\"") + each->der_base64() + "\"";
    return ",\"x5c\":[" + list + "]";
  };
  const auto keys = trust(root.pem());
  const auto token = [&](const std::string& header) { return make_token("ES256", key_.get(), header, claims()); };
  EXPECT_EQ(check(token(x5c({&leaf, &middle})), *keys), "");
  EXPECT_EQ(check(token(x5c({&leaf, &middle, &root})), *keys), "");
  EXPECT_THAT(check(token(x5c({&leaf})), *keys), HasSubstr("not trusted"));
  EXPECT_EQ(check(token(x5c({&leaf})), *trust(middle.pem())), "") << "what is in the bundle needs no root above it";
  EXPECT_EQ(check(token(x5c({&leaf})), *trust(leaf.pem())), "");
  EXPECT_THAT(check(token(x5c({&leaf, &middle, &root})), *trust(stranger.pem())), HasSubstr("not trusted"));
  // A chain that is not trusted is not made good by a kid.
  EXPECT_THAT(check(make_token("ES256", root_key.get(),
                               x5c({&stranger}) + R"(,"kid":")" + root_key.public_key().thumbprint() + "\"", claims()),
                    *keys),
              HasSubstr("not trusted"));
  now_ = kNow + 11 * 86400;
  expected_.leeway = std::chrono::seconds(20 * 86400);
  EXPECT_THAT(check(token(x5c({&leaf, &middle})), *keys), HasSubstr("expired"));
}

TEST_F(TokenVerifier, AKeyThatTheTokenBringsMustBeATrustedOne) {
  const TestKey stranger = TestKey::ec();
  EXPECT_EQ(check(make_token("ES256", key_.get(), ",\"jwk\":" + key_.jwk(), claims())), "");
  EXPECT_EQ(check(make_token("ES256", stranger.get(), ",\"jwk\":" + stranger.jwk(), claims())),
            "its jwk is not a trusted key");
  // The key of a trusted certificate beside a key of one's own.
  const TestCertificate certificate("signer", key_, nullptr, key_, kNow - 1000, 10);
  const std::string claimed = R"(,"x5c":[")" + certificate.der_base64() + "\"]";
  EXPECT_EQ(check(make_token("ES256", stranger.get(), ",\"jwk\":" + stranger.jwk(claimed), claims()),
                  *trust(certificate.pem())),
            "its jwk is not the key of its certificate");
}

TEST_F(TokenVerifier, RefusesWhatIsNotSigned) {
  const std::string pem = key_.public_pem();
  const std::string good = make_token("ES256", key_.get(), "", claims());
  EXPECT_THAT(check(make_token("none", nullptr, "", claims())), HasSubstr("not accepted"));
  EXPECT_THAT(check(make_token("None", nullptr, "", claims())), HasSubstr("not accepted"));
  EXPECT_EQ(check(good.substr(0, good.rfind('.') + 1)), "its signature is wrong") << "stripped";
  EXPECT_THAT(check(good.substr(0, good.rfind('.'))), HasSubstr("form"));
  // The public key as the secret of an HMAC, in each form that it is published in.
  for (const std::string& secret : {pem, key_.jwk(), key_.jwks()}) {
    for (const char* alg : {"HS256", "HS384", "HS512"}) {
      EXPECT_THAT(check(make_token(alg, nullptr, "", claims(), secret)), HasSubstr("not accepted"));
    }
  }
  // Another token's signature, another header, other claims.
  const std::string other = make_token("ES256", key_.get(), "", claims(R"(,"jti":"2")"));
  EXPECT_EQ(check(good.substr(0, good.rfind('.')) + other.substr(other.rfind('.'))), "its signature is wrong");
  // The numbers of a signature cannot be zero, or longer.
  EXPECT_EQ(check(good.substr(0, good.rfind('.') + 1) + base64url(std::string(64, '\0'))), "its signature is wrong");
  EXPECT_EQ(check(good + "AAAA"), "its signature is wrong");
}

TEST_F(TokenVerifier, AnAlgorithmGoesWithItsOwnKindOfKeyOnly) {
  const TestKey rsa = TestKey::rsa();
  const TestKey p384 = TestKey::ec("P-384");
  EXPECT_THAT(check(make_token("RS256", rsa.get(), R"(,"kid":")" + key_.public_key().thumbprint() + "\"", claims())),
              HasSubstr("no trusted key fits"));
  const auto keys = trust(rsa.public_pem() + p384.public_pem());
  EXPECT_THAT(check(make_token("ES256", p384.get(), "", claims()), *keys), HasSubstr("no trusted key fits"));
  const auto only_ps = trust("", rsa.jwks(R"(,"alg":"PS256")"));
  EXPECT_EQ(check(make_token("PS256", rsa.get(), "", claims()), *only_ps), "");
  EXPECT_THAT(check(make_token("RS256", rsa.get(), "", claims()), *only_ps), HasSubstr("no trusted key fits"));
  expected_.algorithms = {SignatureAlgorithm::rs256};
  EXPECT_EQ(check(make_token("RS256", rsa.get(), "", claims()), *keys), "");
  EXPECT_THAT(check(make_token("PS256", rsa.get(), "", claims()), *keys), HasSubstr("not among those"));
}

TEST_F(TokenVerifier, HoldsTheClaimsAgainstWhatIsExpected) {
  const auto with = [this](const std::string& text) { return check(make_token("ES256", key_.get(), "", text)); };
  const std::string base = R"("iss":"auth","aud":"registry")";
  EXPECT_EQ(with(base + R"(,"exp":1700000001)"), "");
  EXPECT_EQ(with(R"("iss":"auth","aud":["a","registry"],"exp":1700000001)"), "");
  EXPECT_EQ(with(R"("iss":"auth","aud":["a"],"exp":1700000001)"), "its audience is not this service");
  EXPECT_EQ(with(R"("iss":"auth","exp":1700000001)"), "its audience is not this service");
  EXPECT_THAT(with(R"("iss":"Auth","aud":"registry","exp":1700000001)"), HasSubstr("its issuer \"Auth\""));
  EXPECT_THAT(with(base), HasSubstr("has no exp"));
  EXPECT_EQ(with(base + R"(,"exp":1699999940)"), "") << "within the leeway";
  EXPECT_EQ(with(base + R"(,"exp":1699999939)"), "it has expired");
  EXPECT_EQ(with(base + R"(,"exp":1700000001.25)"), "");
  EXPECT_EQ(with(base + R"(,"exp":1.7000003e9)"), "");
  EXPECT_EQ(with(base + R"(,"exp":1700000300,"nbf":1700000060)"), "");
  EXPECT_EQ(with(base + R"(,"exp":1700000300,"nbf":1700000061)"), "it is not valid yet");
  EXPECT_THAT(with(base + R"(,"exp":"1700000001")"), HasSubstr("exp is not a time"));
  EXPECT_THAT(with(base + R"(,"exp":-1)"), HasSubstr("exp is not a time"));
  EXPECT_EQ(with(base + R"(,"exp":1700000300,"iat":1900000000,"jti":7)"), "") << "as Distribution: not looked at";
}

TEST_F(TokenVerifier, RefusesWhatCanBeReadInTwoWays) {
  const auto header = [this](const std::string& more) {
    return check(make_token("ES256", key_.get(), more, claims()));
  };
  EXPECT_THAT(header(R"(,"alg":"none")"), HasSubstr("appears twice"));
  EXPECT_THAT(header(R"(,"crit":["exp"])"), HasSubstr("critical"));
  EXPECT_THAT(header(R"(,"crit":["b64"],"b64":false)"), HasSubstr("critical"));
  EXPECT_THAT(check(make_token("ES256", key_.get(), "", claims(R"(,"sub":"eve")"))), HasSubstr("appears twice"));
  EXPECT_THAT(
      check(make_token("ES256", key_.get(), "", R"("iss":"auth","aud":"registry","exp":1700000300,"sub":"a\nb")")),
      HasSubstr("sub is not a name"));
}

TEST_F(TokenVerifier, AKidIsANameAndNothingElse) {
  for (const char* kid : {"../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "http://evil.example/jwks", "", "*",
                          "0", "\\u0000", "$(id)"}) {
    const TestKey stranger = TestKey::ec();
    const std::string header =
        std::string(R"(,"kid":")") + kid + R"(","jku":"http://evil.example/k","x5u":"http://evil.example/c")";
    EXPECT_EQ(check(make_token("ES256", stranger.get(), header, claims())), "its signature is wrong") << kid;
  }
}

TEST_F(TokenVerifier, RefusesWhatIsTooLargeOrNoTokenAtAll) {
  for (const std::string& token :
       {std::string("a"), std::string("a.b"), std::string("a.b.c.d"), std::string(".."), std::string("e30.e30."),
        base64url("[]") + "." + base64url("{}") + ".AA", base64url("{\"alg\":1}") + "." + base64url("{}") + ".AA",
        base64url(std::string(20, '[')) + "." + base64url("{}") + ".AA"}) {
    EXPECT_NE(check(token), "") << token;
  }
  EXPECT_THAT(check(make_token("ES256", key_.get(), "", claims(R"(,"x":")" + std::string(40'000, 'a') + "\""))),
              HasSubstr("32 KiB"));
}

TEST_F(TokenVerifier, AKindOfTokenIsNotAnother) {
  expected_.type = "refresh+jwt";
  EXPECT_EQ(check(make_token("ES256", key_.get(), "", claims())), "it is not a token of this kind");
}

TEST(TrustedKeysTest, SaysWhatCannotBeUsed) {
  const auto reason = [](const std::string& pem, const std::string& jwks) -> std::string {
    try {
      TrustedKeys::load({.bundle_text = pem, .bundle_name = "root.pem", .jwks_text = jwks, .jwks_name = "keys.json"});
      return "";
    } catch (const Failure& failure) {
      return failure.what();
    }
  };
  EXPECT_EQ(reason("", ""), "token auth requires at least one token signing key");
  EXPECT_THAT(reason("no PEM", ""), HasSubstr("root.pem holds neither"));
  EXPECT_THAT(reason(TestKey::rsa(1024).public_pem(), ""), HasSubstr("1024 bits"));
  EXPECT_THAT(reason(TestKey::ec("secp256k1").public_pem(), ""), HasSubstr("neither RSA nor"));
  EXPECT_THAT(reason("", "{}"), HasSubstr("keys.json is not a JSON Web Key Set"));
  EXPECT_THAT(reason("", R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})"), HasSubstr("keys[0]"));
  EXPECT_THAT(reason("", R"({"keys":[{"kty":"oct","k":"AA"}]})"), HasSubstr("at least one token signing key"));
  // A point that is not on the curve.
  std::string jwk = TestKey::ec().jwks();
  jwk.replace(jwk.find("\"y\":\"") + 5, 43, std::string(42, 'A') + "E");
  EXPECT_THAT(reason("", jwk), HasSubstr("it is no key"));
}

TEST(TokenIdentity, IsWhatTheClaimsGrantAndNoMore) {
  TokenClaims claims{.subject = "alice", .kind = "robot", .groups = {"admins"}};
  claims.access = {{.type = "repository", .name = "a/b", .actions = {"pull", "unknown"}},
                   {.type = "repository(plugin)", .name = "p", .actions = {"push"}},
                   {.type = "repository", .name = "all", .actions = {"*"}},
                   {.type = "repository", .name = "*", .actions = {"*"}},
                   {.type = "repository", .name = "A/../b", .actions = {"pull"}},
                   {.type = "registry", .name = "catalog", .actions = {"*"}},
                   {.type = "else", .name = "x", .actions = {"pull"}}};
  const auto who = identity_of(claims, TokenOrigin::foreign);
  EXPECT_EQ(who->kind, IdentityKind::user);
  EXPECT_TRUE(who->groups.empty());
  EXPECT_EQ(who->proof, Proof::token);
  const auto allows = [&](AccessAction action, std::string_view repository) {
    return who->limit->allows({.action = action, .repository = repository});
  };
  EXPECT_TRUE(allows(AccessAction::pull, "a/b"));
  EXPECT_FALSE(allows(AccessAction::push, "a/b"));
  EXPECT_FALSE(allows(AccessAction::pull, "a/b/c"));
  EXPECT_TRUE(allows(AccessAction::push, "p"));
  EXPECT_TRUE(allows(AccessAction::remove, "all"));
  EXPECT_FALSE(allows(AccessAction::admin, "all"));
  EXPECT_FALSE(allows(AccessAction::pull, "x"));
  EXPECT_TRUE(allows(AccessAction::catalog, ""));
  EXPECT_FALSE(allows(AccessAction::admin, ""));
  const auto ours = identity_of(claims, TokenOrigin::berth);
  EXPECT_EQ(ours->kind, IdentityKind::robot);
  EXPECT_EQ(ours->groups, std::vector<std::string>{"admins"});
  EXPECT_FALSE(identity_of({}, TokenOrigin::foreign)->has_name());
}

// RFC 7638, 3.1, and RFC 8037, A.3: thumbprints that others have computed.
TEST(PublicKeyTest, HasTheThumbprintsOfTheRfcs) {
  const Jwk rsa{
      .type = "RSA",
      .n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n"
           "3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0z"
           "gdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF"
           "Cur-kEgU8awapJzKnqDKgw",
      .e = "AQAB"};
  EXPECT_EQ(PublicKey::from_jwk(rsa).value().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  const Jwk ed{.type = "OKP", .curve = "Ed25519", .x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"};
  EXPECT_EQ(PublicKey::from_jwk(ed).value().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  EXPECT_EQ(PublicKey::from_jwk(ed).value().libtrust_id().size(), 12U * 4 + 11);
}

}  // namespace
}  // namespace berth
