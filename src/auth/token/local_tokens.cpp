#include "auth/token/local_tokens.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <span>
#include <utility>

#include "auth/token/signature.h"
#include "auth/token/token_identity.h"
#include "content/base64.h"
#include "content/repository_name.h"

namespace berth {
namespace {

constexpr std::string_view kTokenType = "JWT";
constexpr std::string_view kRefreshType = "refresh+jwt";
/// Signed and checked by one clock.
constexpr std::chrono::seconds kLeeway{5};

std::string base64url_of(std::string_view text) {
  return to_base64url(std::as_bytes(std::span(text)));
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

boost::json::array json_of(const std::vector<std::string>& texts) {
  boost::json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

std::string_view kind_text(IdentityKind kind) {
  return kind == IdentityKind::robot ? "robot" : "user";
}

/// What of the actions asked for the caller may do.
std::vector<std::string> allowed_actions(const Identity& who, const AccessPolicy& policy, const TokenScope& scope,
                                         const RealName& real_name) {
  std::vector<std::string> allowed;
  if (scope.type.starts_with("repository")) {
    if (!RepositoryName::parse(scope.name)) return allowed;
    const std::string repository = real_name(scope.name);
    const bool wants_all = std::ranges::find(scope.actions, "*") != scope.actions.end();
    for (const AccessAction action : {AccessAction::pull, AccessAction::push, AccessAction::remove}) {
      const std::string name(to_string(action));
      if (!wants_all && std::ranges::find(scope.actions, name) == scope.actions.end()) continue;
      const AccessRequest request{
          .action = action, .repository = repository, .alias = scope.name, .is_for_some_tag = true};
      if (policy.allows(who, request)) allowed.push_back(name);
    }
  } else if (scope.type == "registry" && scope.name == "catalog") {
    const bool is_asked = std::ranges::find(scope.actions, "*") != scope.actions.end();
    if (is_asked && policy.allows(who, {.action = AccessAction::catalog})) allowed.emplace_back("*");
  }
  return allowed;
}

}  // namespace

LocalTokens::LocalTokens(LocalTokensOptions options, SigningKeys& keys, std::vector<UserDirectory*> users,
                         const Clock& clock, Entropy& entropy)
    : options_(std::move(options)), keys_(keys), users_(std::move(users)), clock_(clock), entropy_(entropy) {}

bool LocalTokens::serves(std::string_view service) const {
  if (service.empty() || service == options_.service) return true;
  return std::ranges::find(options_.more_services, service) != options_.more_services.end();
}

std::string LocalTokens::sign(std::string_view type, const std::string& claims) const {
  const std::shared_ptr<const SigningKey> key = keys_.signer();
  const std::string header = boost::json::serialize(boost::json::object{
      {"typ", boost::json::string_view(type.data(), type.size())}, {"alg", "ES256"}, {"kid", key->id}});
  const std::string text = base64url_of(header) + "." + base64url_of(claims);
  return text + "." + base64url_of(sign_es256(key->key.get(), text));
}

IssuedToken LocalTokens::issue(const Identity& who, const AccessPolicy& policy, std::string_view service,
                               const std::vector<TokenScope>& asked, const RealName& real_name) {
  const WallTime now = clock_.now();
  boost::json::array access;
  std::vector<TokenScope> granted;
  for (const TokenScope& scope : asked) {
    TokenScope allowed{
        .type = scope.type, .name = scope.name, .actions = allowed_actions(who, policy, scope, real_name)};
    if (allowed.actions.empty()) continue;
    access.push_back(
        boost::json::object{{"type", allowed.type}, {"name", allowed.name}, {"actions", json_of(allowed.actions)}});
    granted.push_back(std::move(allowed));
  }
  boost::json::object claims{{"iss", options_.issuer},
                             {"sub", who.name},
                             {"aud", service.empty() ? options_.service : std::string(service)},
                             {"exp", seconds_of(now + options_.lifetime)},
                             {"nbf", seconds_of(now)},
                             {"iat", seconds_of(now)},
                             {"jti", random_uuid(entropy_)},
                             {"access", std::move(access)}};
  if (who.has_name()) {
    claims["berth_kind"] = std::string(kind_text(who.kind));
    if (!who.groups.empty()) claims["berth_groups"] = json_of(who.groups);
  }
  return {.token = sign(kTokenType, boost::json::serialize(claims)),
          .scope = to_string(granted),
          .issued = now,
          .lifetime = options_.lifetime};
}

Task<std::optional<std::string>> LocalTokens::issue_refresh(std::shared_ptr<const Identity> who, std::string service) {
  if (!who->can_refresh || !who->has_name()) co_return std::nullopt;
  const std::optional<KnownUser> user = co_await find_user(who->name, who->kind);
  if (!user || user->is_disabled) co_return std::nullopt;
  const WallTime now = clock_.now();
  const boost::json::object claims{{"iss", options_.issuer},
                                   {"sub", who->name},
                                   {"aud", service.empty() ? options_.service : service},
                                   {"exp", seconds_of(now + options_.refresh_lifetime)},
                                   {"iat", seconds_of(now)},
                                   {"jti", random_uuid(entropy_)},
                                   {"berth_kind", std::string(kind_text(who->kind))},
                                   {"berth_stamp", user->stamp}};
  co_return sign(kRefreshType, boost::json::serialize(claims));
}

Task<Authentication> LocalTokens::redeem(std::string refresh_token, std::string service) {
  const auto token = Jwt::parse(refresh_token);
  if (!token) co_return Authentication::refuse(token.error());
  const std::shared_ptr<const TrustedKeys> keys = keys_.trusted();
  const TokenExpectations expected{.issuer = options_.issuer,
                                   .service = service.empty() ? options_.service : service,
                                   .type = std::string(kRefreshType),
                                   .leeway = kLeeway};
  const auto claims = verify_token(*token, *keys, expected, clock_.now());
  if (!claims) co_return Authentication::refuse(claims.error());
  const IdentityKind kind = claims->kind == "robot" ? IdentityKind::robot : IdentityKind::user;
  std::optional<KnownUser> user = co_await find_user(claims->subject, kind);
  if (!user || user->is_disabled) co_return Authentication::refuse("its user is gone or disabled");
  if (user->stamp != claims->stamp) co_return Authentication::refuse("its user's password has changed since");
  co_return Authentication::accept(std::move(user->identity));
}

Task<std::optional<KnownUser>> LocalTokens::find_user(std::string name, IdentityKind kind) {
  for (UserDirectory* directory : users_) {
    std::optional<KnownUser> user = co_await directory->find_user(name);
    if (user && user->identity->kind == kind) co_return user;
  }
  co_return std::nullopt;
}

Task<Authentication> LocalTokens::authenticate(Credentials credentials) {
  const auto* bearer = std::get_if<BearerCredentials>(&credentials.what);
  if (bearer == nullptr) co_return Authentication::not_mine();
  const auto token = Jwt::parse(bearer->token);
  if (!token) co_return Authentication::refuse(token.error());
  // Ours have our issuer and the name of one of our keys; whoever else signed it may be trusted all the same.
  if (token->claims.issuer != options_.issuer) co_return Authentication::not_mine();
  const std::shared_ptr<const TrustedKeys> keys = keys_.trusted();
  const TokenExpectations expected{
      .issuer = options_.issuer, .service = options_.service, .type = std::string(kTokenType), .leeway = kLeeway};
  const auto claims = verify_token(*token, *keys, expected, clock_.now());
  if (!claims) co_return Authentication::refuse(claims.error());
  co_return Authentication::accept(
      identity_of(*claims, TokenOrigin::berth),
      WallTime(std::chrono::seconds(static_cast<std::int64_t>(*claims->expires))) + kLeeway);
}

}  // namespace berth
