#include "server/config.h"
#include "server/settings.h"

namespace berth {

namespace {

void describe_htpasswd(SettingSection auth, HtpasswdConfig& config) {
  SettingSection htpasswd =
      auth.section("htpasswd", "Users in a file of bcrypt passwords (`htpasswd -B`). Read again when it changes.",
                   {.is_alternative = true});
  htpasswd.value("realm", text(config.realm), "Named in the challenge; required.");
  htpasswd.value(
      "path", text(config.path),
      "The file; required. If it is missing, one is made with the user `docker` and a password that is in the "
      "log, once.");
}

void describe_silly(SettingSection auth, SillyConfig& config) {
  SettingSection silly =
      auth.section("silly", "For development: any `Authorization` header passes.", {.is_alternative = true});
  silly.value("realm", text(config.realm), "Named in the challenge; required.");
  silly.value("service", text(config.service), "Named in the challenge; required.");
}

void describe_accounts(SettingSection auth, AccountsConfig& config) {
  SettingSection accounts =
      auth.section("accounts",
                   "Berth's own. Users, robots and access tokens of the registry's database (`berth user add`, `berth "
                   "robot create`). "
                   "With another scheme they log in, too; `accounts: {}` is for those who need no other.",
                   {.is_alternative = true});
  accounts.value("realm", checked(text(config.realm), check_not_empty), "Named in the challenge.");
  accounts.value(
      "cost", number(config.password_cost, kLeastYescryptCost, kMostYescryptCost),
      "What a new password costs to compute (yescrypt): 5 takes about 60 ms and 16 MiB, each step doubles it.");
  accounts.value("minimumlength", number(config.shortest_password, 1, 511), "Shorter passwords are not taken.");
}

void describe_lockout(SettingSection auth, LockoutOptions& options) {
  SettingSection lockout = auth.section(
      "lockout",
      "Berth's own. Who fails too often waits, twice as long each time. Users are counted apart at addresses that they "
      "have logged in from before.");
  lockout.value("accountfailures", number(options.account_failures),
                "Wrong passwords of one user before he waits; 0 is never.");
  lockout.value("addressfailures", number(options.address_failures),
                "Wrong passwords from one address before it waits; 0 is never.");
  lockout.value("firstwait", duration(options.first_wait), "The first wait; a whole number of seconds.");
  lockout.value("longestwait", duration(options.longest_wait), "No wait is longer.");
  lockout.value("memory", duration(options.memory), "Failures are forgotten this long after the last.");
  lockout.value("entries", number(options.entry_count, 1), "Users and addresses that are remembered.");
}

void describe_token(SettingSection auth, TokenConfig& config) {
  SettingSection token = auth.section("token", "Tokens that another service signs.", {.is_alternative = true});
  token.value("realm", text(config.realm), "URL of the token service; required.");
  token.value("service", text(config.service), "Audience of the tokens; required.");
  token.value("issuer", text(config.issuer), "Issuer of the tokens; required.");
  token.value("rootcertbundle", text(config.bundle_file),
              "PEM file of certificates and public keys. This or `jwks` is required; read again when it changes.");
  token.value("jwks", text(config.jwks_file), "File with a JSON Web Key Set; read again when it changes.");
  token.value("autoredirect", flag(config.is_autoredirect), "Makes the realm from the request's host.");
  token.value("autoredirectpath", text(config.autoredirect_path), "Path of that realm.");
  token.value(
      "signingalgorithms",
      checked(text_list(config.algorithms), check_one_of({"EdDSA", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512",
                                                          "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"})),
      "Algorithms that are accepted; unset: all. HMAC (`HS256` and its like) never is: its secret would be public.");
}

void describe_local(SettingSection auth, LocalAuthConfig& config) {
  using std::chrono::hours;
  using std::chrono::minutes;
  SettingSection local = auth.section(
      "local", "Berth's own. Berth's token service at `/token`, whose keys are at `/.well-known/jwks.json`.",
      {.is_alternative = true});
  local.value("realm", checked(text(config.realm), check_not_empty),
              "Named in the challenge for a name and a password, if there is no `auth.htpasswd`.");
  local.value("issuer", checked(text(config.issuer), check_not_empty), "Issuer of the tokens.");
  local.value("service", checked(text(config.service), check_not_empty), "Audience of the tokens for this registry.");
  local.value(
      "services", text_list(config.more_services),
      "Other registries that tokens are given out for, by their `service`. This registry's rules say what they are "
      "for.");
  local.value("tokenlifetime", duration(config.token_lifetime, {.minimum = minutes(1), .maximum = hours(24)}),
              "How long a token holds.");
  local.value("refreshlifetime", duration(config.refresh_lifetime, {.minimum = minutes(1)}),
              "How long a client that asked for it (`docker login`) gets tokens without the password.");
  local.value("keyrotation", duration(config.key_rotation, {.minimum = hours(1)}),
              "How long a key signs. The next one is published a day (at most a quarter of this) before it signs; what "
              "the last one signed holds to its end.");
}

void describe_certificate(SettingSection auth, CertificateConfig& config) {
  SettingSection certificate =
      auth.section("certificate", "Berth's own. Users whom client certificates name; needs `http.tls.clientcas`.",
                   {.is_alternative = true});
  certificate.value("user",
                    choice<CertificateUser>(config.user, {{"commonname", CertificateUser::common_name},
                                                          {"dns", CertificateUser::dns_name},
                                                          {"email", CertificateUser::email_address},
                                                          {"uri", CertificateUser::uri}}),
                    "Which name: the subject's common name, or the first of its kind in `subjectAltName`.");
}

}  // namespace

void describe_auth(SettingSection root, ServerConfig& config) {
  SettingSection auth = root.section("auth", "How callers prove who they are. Without it everybody may do everything.",
                                     {.is_choice = true, .is_open = true});
  auth.section("none", "The same as no `auth`.", {.is_alternative = true});
  describe_silly(auth, config.auth.silly);
  describe_htpasswd(auth, config.auth.htpasswd);
  describe_accounts(auth, config.auth.accounts);
  describe_token(auth, config.auth.token);
  describe_local(auth, config.auth.local);
  describe_certificate(auth, config.auth.certificate);
  describe_lockout(auth, config.auth.lockout);
  SettingSection cache = auth.section("cache", "Berth's own. Whose credentials were checked a moment ago.");
  cache.value("lifetime", duration(config.auth.cache.lifetime),
              "How long it is remembered; 0 computes every password anew. Changes of users make it forgotten at once.");
  cache.value("entries", number(config.auth.cache.entry_count, 16), "Credentials that are remembered.");
}

}  // namespace berth
