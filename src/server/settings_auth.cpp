#include "server/settings.h"

namespace berth {

void describe_auth(SettingSection root) {
  SettingSection auth = root.section("auth", "Who may do what. Without it everybody may do everything.",
                                     {.is_choice = true, .is_open = true});
  auth.section("none", "The same as no `auth`.", {.is_alternative = true});
  const auto scheme = [&auth](const char* name, const char* help) {
    return auth.section(name, help,
                        {.status = SettingStatus::not_built_yet, .reason = "authentication", .is_alternative = true});
  };
  SettingSection silly = scheme("silly", "For development: any `Authorization` header passes.");
  silly.value("realm", text(silly.own<std::string>()), "Named in the challenge; required.");
  silly.value("service", text(silly.own<std::string>()), "Named in the challenge; required.");
  SettingSection htpasswd = scheme("htpasswd", "Users in a file of bcrypt passwords.");
  htpasswd.value("realm", text(htpasswd.own<std::string>()), "Named in the challenge; required.");
  htpasswd.value("path", text(htpasswd.own<std::string>()), "The file; required.");
  SettingSection token = scheme("token", "Tokens that another service signs.");
  token.value("realm", text(token.own<std::string>()), "URL of the token service; required.");
  token.value("service", text(token.own<std::string>()), "Audience of the tokens; required.");
  token.value("issuer", text(token.own<std::string>()), "Issuer of the tokens; required.");
  token.value("rootcertbundle", text(token.own<std::string>()), "PEM file of certificates and public keys.");
  token.value("jwks", text(token.own<std::string>()), "File with a JSON Web Key Set.");
  token.value("autoredirect", flag(token.own<bool>()), "Makes the realm from the request's host.");
  token.value("autoredirectpath", text(token.own<std::string>("/auth/token")), "Path of that realm.");
  token.value("signingalgorithms",
              checked(text_list(token.own<std::vector<std::string>>()),
                      check_one_of({"EdDSA", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384",
                                    "ES512", "PS256", "PS384", "PS512"})),
              "Algorithms that are accepted; unset: all.");
}

}  // namespace berth
