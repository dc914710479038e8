#include "server/access.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "async/run_to_end.h"
#include "auth/account_authenticator.h"
#include "auth/certificate_authenticator.h"
#include "auth/htpasswd/htpasswd_authenticator.h"
#include "auth/silly_authenticator.h"
#include "auth/token/local_tokens.h"
#include "auth/token/signing_keys.h"
#include "auth/token/token_authenticator.h"
#include "metadata/account_listener.h"
#include "metadata/announcing_account_store.h"
#include "storage/layout.h"

namespace berth {
namespace {

std::unique_ptr<BlockingPool> make_password_pool(const PoolConfig& config) {
  // Half of the cores: passwords are computed, and the other half goes on answering those who have none to compute.
  const std::size_t threads =
      config.thread_count > 0 ? config.thread_count : std::max<std::size_t>(std::thread::hardware_concurrency() / 2, 1);
  return std::make_unique<BlockingPool>("password", threads, config.queue_limit);
}

TokenAuthenticatorOptions token_options(const TokenConfig& config) {
  TokenAuthenticatorOptions options{.bundle_file = config.bundle_file,
                                    .jwks_file = config.jwks_file,
                                    .expected = {.issuer = config.issuer, .service = config.service}};
  for (const std::string& name : config.algorithms) {
    if (const auto algorithm = find_signature_algorithm(name)) options.expected.algorithms.push_back(*algorithm);
  }
  return options;
}

std::vector<std::string> token_files(const TokenConfig& config) {
  std::vector<std::string> files;
  if (!config.bundle_file.empty()) files.push_back(config.bundle_file);
  if (!config.jwks_file.empty()) files.push_back(config.jwks_file);
  return files;
}

KeyRotation key_rotation(const LocalAuthConfig& config) {
  KeyRotation rotation;
  rotation.interval = config.key_rotation;
  rotation.lead = std::min(rotation.lead, config.key_rotation / 4);
  rotation.longest_lifetime = std::max(config.token_lifetime, config.refresh_lifetime);
  return rotation;
}

LocalTokensOptions local_options(const LocalAuthConfig& config) {
  return {.issuer = config.issuer,
          .service = config.service,
          .more_services = config.more_services,
          .lifetime = config.token_lifetime,
          .refresh_lifetime = config.refresh_lifetime};
}

}  // namespace

struct Access::Authenticators {
  std::unique_ptr<HtpasswdAuthenticator> htpasswd;
  std::unique_ptr<AccountAuthenticator> accounts;
  std::unique_ptr<TokenAuthenticator> token;
  std::unique_ptr<SigningKeys> signing_keys;
  std::unique_ptr<LocalTokens> local;
  std::unique_ptr<CertificateAuthenticator> certificate;
  std::unique_ptr<SillyAuthenticator> silly;

  std::vector<Authenticator*> all() const {
    std::vector<Authenticator*> list;
    if (local) list.push_back(local.get());
    if (token) list.push_back(token.get());
    if (htpasswd) list.push_back(htpasswd.get());
    if (accounts) list.push_back(accounts.get());
    if (certificate) list.push_back(certificate.get());
    if (silly) list.push_back(silly.get());
    return list;
  }

  std::vector<UserDirectory*> directories() const {
    std::vector<UserDirectory*> list;
    if (htpasswd) list.push_back(htpasswd.get());
    if (accounts) list.push_back(accounts.get());
    return list;
  }
};

/// Forgets of whom an account has changed.
class Access::Forgetting final : public AccountListener {
 public:
  Forgetting(CredentialCache& cache, Lockout& lockout) : cache_(cache), lockout_(lockout) {}

  void user_changed(const AccountName& name) override {
    cache_.forget(IdentityKind::user, name.text());
    // Whoever has just been given a new password is not to wait for the guesses at the old one.
    lockout_.forget_account(name.text());
  }
  void robot_changed(const AccountName& name) override { cache_.forget(IdentityKind::robot, name.text()); }
  void all_users_changed() override { cache_.forget_all(); }
  void rules_changed() override {}  // nothing that is remembered depends on them

 private:
  CredentialCache& cache_;
  Lockout& lockout_;
};

Access::Access(const ServerConfig& config, const std::string& root, AccountStore& store, const Clock& clock,
               Entropy& entropy, Log& log, Metrics& metrics)
    : log_(log),
      passwords_(make_password_pool(config.pools.passwords)),
      cache_({.lifetime = config.auth.cache.lifetime, .entry_count = config.auth.cache.entry_count}, clock, entropy,
             metrics),
      lockout_(config.auth.lockout, clock, entropy, metrics),
      forgetting_(std::make_unique<Forgetting>(cache_, lockout_)),
      store_(std::make_unique<AnnouncingAccountStore>(store, *forgetting_)),
      authenticators_(std::make_unique<Authenticators>()),
      token_files_(token_files(config.auth.token)) {
  if (config.auth.token.is_enabled) {
    authenticators_->token = std::make_unique<TokenAuthenticator>(token_options(config.auth.token), cache_, clock, log);
  }
  if (config.auth.htpasswd.is_enabled) {
    authenticators_->htpasswd =
        std::make_unique<HtpasswdAuthenticator>(config.auth.htpasswd.path, *passwords_, cache_, entropy, log, metrics);
  }
  const AccountsOptions options = config.auth.accounts.options();
  if (config.auth.has_accounts()) {
    authenticators_->accounts =
        std::make_unique<AccountAuthenticator>(*store_, *passwords_, options.cost, clock, log, metrics);
  }
  if (config.auth.local.is_enabled) {
    const std::string file = root.empty() ? std::string() : root + "/" + std::string(layout::kTokenKeys);
    authenticators_->signing_keys = std::make_unique<SigningKeys>(file, key_rotation(config.auth.local), clock);
    authenticators_->local =
        std::make_unique<LocalTokens>(local_options(config.auth.local), *authenticators_->signing_keys,
                                      authenticators_->directories(), clock, entropy);
  }
  if (config.auth.certificate.is_enabled) {
    authenticators_->certificate = std::make_unique<CertificateAuthenticator>(authenticators_->directories());
  }
  if (config.auth.silly.is_enabled) authenticators_->silly = std::make_unique<SillyAuthenticator>();
  const PolicySource configured = config.access.policy_source();
  control_ =
      std::make_unique<AccessControl>(authenticators_->all(), cache_, AccessPolicy::compile(configured), &lockout_);
  policy_ = std::make_unique<PolicyLoader>(*store_, configured, [this](std::shared_ptr<const AccessPolicy> policy) {
    control_->set_policy(std::move(policy));
  });
  accounts_ = std::make_unique<Accounts>(*store_, *policy_, *passwords_, clock, entropy, log, options);
  // Nobody is let in before the stored rules hold.
  run_to_end(policy_->reload());
}

Access::~Access() = default;

Task<> Access::set_rules(PolicySource rules) {
  policy_->set_configured(std::move(rules));
  co_await policy_->reload();
}

TokenService* Access::tokens() {
  return authenticators_->local.get();
}

Task<> Access::rotate_keys() {
  SigningKeys& keys = *authenticators_->signing_keys;
  const bool has_changed = co_await run_blocking(*passwords_, [&keys] { return keys.rotate_blocking(); });
  if (has_changed) log_.info("the keys that sign tokens have changed", {{"signer", keys.signer()->id}});
}

bool Access::watches_files() const {
  return authenticators_->htpasswd || authenticators_->token;
}

Task<> Access::look_again() {
  if (authenticators_->htpasswd) co_await authenticators_->htpasswd->look_again();
  if (!authenticators_->token || !token_files_.has_changed()) co_return;
  co_await run_blocking(*passwords_, [token = authenticators_->token.get()] { token->look_again_blocking(); });
}

ChallengeOptions build_challenges(const ServerConfig& config) {
  ChallengeOptions challenges;
  const AuthConfig& auth = config.auth;
  challenges.login_realm = auth.local.realm;
  if (auth.accounts.is_enabled) challenges.basic_realm = auth.accounts.realm;
  if (auth.htpasswd.is_enabled) challenges.basic_realm = auth.htpasswd.realm;
  if (auth.local.is_enabled) {
    challenges.bearer = {.path = "/token", .is_below_prefix = true, .service = auth.local.service};
    // Docker's engine gives up on a Basic line when it has no password, also when a token was to be had without one
    // (decision 30): whoever can log in gets a token, so that line would only stand in the way of anonymous pulls.
    challenges.basic_realm.reset();
  }
  // Of two token services clients can be sent to one, and whoever wrote down its address meant it. It need not know
  // those who log in here, so they are told that a password will do.
  if (auth.token.is_enabled) {
    const bool is_redirected = auth.token.is_autoredirect;
    challenges.bearer = {.realm = is_redirected ? std::string() : auth.token.realm,
                         .path = auth.token.autoredirect_path,
                         .assumes_https = true,
                         .service = auth.token.service};
    if (auth.local.is_enabled) challenges.basic_realm = auth.local.realm;
    if (auth.accounts.is_enabled) challenges.basic_realm = auth.accounts.realm;
    if (auth.htpasswd.is_enabled) challenges.basic_realm = auth.htpasswd.realm;
  }
  if (auth.silly.is_enabled) challenges.bearer = {.realm = auth.silly.realm, .service = auth.silly.service};
  return challenges;
}

}  // namespace berth
