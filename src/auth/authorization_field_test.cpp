#include "auth/authorization_field.h"

#include <gtest/gtest.h>

#include "content/base64.h"

namespace berth {
namespace {

std::string basic(std::string_view text) {
  return "Basic " + to_base64(std::as_bytes(std::span(text)));
}

TEST(AuthorizationField, ReadsNameAndPassword) {
  const auto parsed = parse_authorization(basic("alice:pass:word"));
  const auto& found = std::get<BasicCredentials>(parsed.value().value());
  EXPECT_EQ(found.user, "alice");
  EXPECT_EQ(found.password, "pass:word");
  EXPECT_EQ(std::get<BasicCredentials>(parse_authorization("bAsIc   YTpi").value().value()).user, "a");
  EXPECT_EQ(std::get<BasicCredentials>(parse_authorization(basic("a:")).value().value()).password, "");
}

TEST(AuthorizationField, ReadsTokens) {
  const auto parsed = parse_authorization("Bearer a.b-c_d~e+f/g=");
  EXPECT_EQ(std::get<BearerCredentials>(parsed.value().value()).token, "a.b-c_d~e+f/g=");
}

TEST(AuthorizationField, NobodyIsNobody) {
  EXPECT_EQ(parse_authorization("").value(), std::nullopt);
  EXPECT_EQ(parse_authorization(" \t").value(), std::nullopt);
  EXPECT_EQ(parse_authorization("Basic Og==").value(), std::nullopt) << "podman without credentials";
}

TEST(AuthorizationField, OtherSchemesAreKnownAsOther) {
  EXPECT_TRUE(std::holds_alternative<OtherCredentials>(parse_authorization("Digest x=1").value().value()));
  EXPECT_TRUE(std::holds_alternative<OtherCredentials>(parse_authorization("seriously").value().value()));
}

TEST(AuthorizationField, RefusesWhatIsNeither) {
  for (const std::string& field :
       {std::string("Basic"), std::string("Basic ***"), std::string("Basic YTpi YTpi"), basic("nocolon"), basic(":x"),
        basic(std::string_view("a:b\0c", 5)), basic("a\n:b"), basic("a:b\x7f"), std::string("Bearer"),
        std::string("Bearer a b"), std::string("Bearer a\"b"), std::string("Bearer ") + std::string(17'000, 'a')}) {
    EXPECT_FALSE(parse_authorization(field)) << field.substr(0, 40);
  }
  const std::string secret = "Basic " + std::string("c2VjcmV0");
  EXPECT_EQ(parse_authorization(secret).error().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace berth
