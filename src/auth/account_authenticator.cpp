#include "auth/account_authenticator.h"

#include <exception>
#include <memory>
#include <utility>
#include <variant>

#include "auth/account_right.h"
#include "auth/secret_token.h"

namespace berth {
namespace {

std::shared_ptr<Identity> identity_of(const UserAccount& account) {
  auto who = std::make_shared<Identity>(
      Identity{.kind = IdentityKind::user, .name = account.user.name.text(), .proof = Proof::password});
  for (const AccountName& group : account.groups) who->groups.push_back(group.text());
  return who;
}

std::shared_ptr<Identity> identity_of(const RobotRecord& robot) {
  return std::make_shared<Identity>(Identity{.kind = IdentityKind::robot,
                                             .name = robot.name.text(),
                                             .proof = Proof::password,
                                             .limit = limit_of(stored_rights(robot.rights))});
}

/// Refused, but not because somebody guesses: the secret was right.
Authentication refuse_known(std::string reason) {
  Authentication refused = Authentication::refuse(std::move(reason));
  refused.was_guess = false;
  return refused;
}

bool has_expired(const std::optional<WallTime>& expires, WallTime now) {
  return expires && *expires <= now;
}

}  // namespace

AccountAuthenticator::AccountAuthenticator(AccountStore& store, BlockingPool& passwords, SecretCost cost,
                                           const Clock& clock, Log& log, Metrics& metrics)
    : store_(store),
      passwords_(passwords),
      nobody_(hash_of_nobody(cost)),
      clock_(clock),
      log_(log),
      checks_(
          metrics.counter("berth_password_checks_total", "Passwords that were computed.", {{"store", "accounts"}})) {}

Task<Authentication> AccountAuthenticator::authenticate(Credentials credentials) {
  if (auto* bearer = std::get_if<BearerCredentials>(&credentials.what)) {
    const std::optional<SecretKind> kind = secret_token_kind(bearer->token);
    if (!kind) co_return Authentication::not_mine();
    Authentication found = *kind == SecretKind::robot ? co_await check_robot(std::move(bearer->token), std::nullopt)
                                                      : co_await check_token(std::move(bearer->token), std::nullopt);
    co_return found;
  }
  auto* basic = std::get_if<BasicCredentials>(&credentials.what);
  if (basic == nullptr) co_return Authentication::not_mine();
  const std::optional<SecretKind> kind = secret_token_kind(basic->password);
  if (!kind) {
    Authentication found = co_await check_password(std::move(*basic));
    co_return found;
  }
  Authentication found = *kind == SecretKind::robot
                             ? co_await check_robot(std::move(basic->password), std::move(basic->user))
                             : co_await check_token(std::move(basic->password), std::move(basic->user));
  co_return found;
}

Task<Authentication> AccountAuthenticator::check_password(BasicCredentials credentials) {
  const Result<AccountName> name = AccountName::parse(credentials.user);
  std::optional<UserAccount> account;
  if (name) account = co_await store_.find_user(*name);
  const bool has_password = account && !account->user.secret_hash.empty();
  const std::string stored = has_password ? account->user.secret_hash : nobody_;
  checks_.add();
  const bool is_right =
      co_await run_blocking(passwords_, [&] { return is_password_blocking(credentials.password, stored); });
  if (!account) co_return Authentication::not_mine();
  if (!is_right) co_return Authentication::refuse("the password is wrong");
  if (account->user.state == UserState::disabled) co_return refuse_known("the user is disabled");
  if (is_due(account->user.last_login)) co_await record(store_.record_login(*name, clock_.now()));
  const std::shared_ptr<Identity> who = identity_of(*account);
  who->can_refresh = true;
  co_return Authentication::accept(who);
}

Task<Authentication> AccountAuthenticator::check_robot(std::string secret, std::optional<std::string> name) {
  const std::optional<RobotRecord> robot = co_await store_.find_robot_by_secret(digest_of_secret(secret));
  if (!robot) co_return Authentication::refuse("no robot has this secret: it was revoked or rotated");
  const std::string& text = robot->name.text();
  if (name && *name != text && *name != std::string(kRobotPrefix) + text) {
    co_return refuse_known("the secret is another robot's");
  }
  const WallTime now = clock_.now();
  if (has_expired(robot->expires, now)) co_return refuse_known("the robot has expired");
  if (is_due(robot->last_used)) co_await record(store_.record_robot_use(robot->name, now));
  co_return Authentication::accept(identity_of(*robot), robot->expires.value_or(WallTime::max()));
}

Task<Authentication> AccountAuthenticator::check_token(std::string secret, std::optional<std::string> name) {
  const std::optional<TokenAccount> found = co_await store_.find_token_by_secret(digest_of_secret(secret));
  if (!found) co_return Authentication::refuse("nobody has this access token: it was revoked");
  const TokenRecord& token = found->token;
  if (name && *name != token.user.text()) co_return refuse_known("the access token is another user's");
  const WallTime now = clock_.now();
  if (has_expired(token.expires, now)) co_return refuse_known("the access token has expired");
  if (found->account.user.state == UserState::disabled) co_return refuse_known("the user is disabled");
  if (is_due(token.last_used)) co_await record(store_.record_token_use(token.id, now));
  const std::shared_ptr<Identity> who = identity_of(found->account);
  if (!token.rights.empty()) who->limit = limit_of(stored_rights(token.rights));
  co_return Authentication::accept(who, token.expires.value_or(WallTime::max()));
}

Task<> AccountAuthenticator::record(Task<> recording) {
  try {
    co_await std::move(recording);
  } catch (const std::exception& error) {
    log_.warn("the use of an account could not be recorded", {{"error", error.what()}});
  }
}

bool AccountAuthenticator::is_due(const std::optional<WallTime>& last_use) const {
  return !last_use || *last_use <= clock_.now() - kUseResolution;
}

Task<std::optional<KnownUser>> AccountAuthenticator::find_user(std::string name) {
  const bool is_robot = name.starts_with(kRobotPrefix);
  const Result<AccountName> parsed = AccountName::parse(is_robot ? name.substr(kRobotPrefix.size()) : name);
  if (!parsed) co_return std::nullopt;
  if (is_robot) {
    const std::optional<RobotRecord> robot = co_await store_.find_robot(*parsed);
    if (!robot) co_return std::nullopt;
    co_return KnownUser{.identity = identity_of(*robot),
                        .stamp = robot->secret.to_string(),
                        .is_disabled = has_expired(robot->expires, clock_.now())};
  }
  const std::optional<UserAccount> account = co_await store_.find_user(*parsed);
  if (!account) co_return std::nullopt;
  co_return KnownUser{.identity = identity_of(*account),
                      .stamp = digest_of(HashAlgorithm::sha256, account->user.secret_hash).to_string(),
                      .is_disabled = account->user.state == UserState::disabled};
}

}  // namespace berth
