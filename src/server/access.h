// Access: access control as the configuration asks for it: who can log in, what is remembered of them, the rules.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/api.h"
#include "async/run_blocking.h"
#include "auth/access_control.h"
#include "auth/accounts.h"
#include "auth/lockout.h"
#include "metadata/account_store.h"
#include "server/config.h"
#include "server/file_watch.h"

namespace berth {

/// Threading: built and told of changes by the main thread; control() is for any loop.
/// Lifetime:  outlives the requests.
class Access {
 public:
  /// Throws Failure(internal) with one line if a file of users cannot be used, Failure(metadata) if the store's rules
  /// cannot be read. `root` is where keys are kept; empty: in memory.
  Access(const ServerConfig& config, const std::string& root, AccountStore& store, const Clock& clock, Entropy& entropy,
         Log& log, Metrics& metrics);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  AccessControl& control() { return *control_; }
  /// The rules that hold now; never null.
  std::shared_ptr<const AccessPolicy> policy() const { return policy_->current(); }
  /// What administrators do; in force at once for whoever is let in here.
  Accounts& accounts() { return *accounts_; }
  /// Null if Berth gives out no tokens.
  TokenService* tokens();

  /// Brings the rules of a configuration that was read again into force.
  Task<> set_rules(PolicySource rules);
  /// Files that have changed are taken in. For a job that comes round.
  bool watches_files() const;
  Task<> look_again();
  /// Keys that sign tokens are changed when it is time to. For a job that comes round, if there are tokens().
  Task<> rotate_keys();

 private:
  struct Authenticators;
  class Forgetting;

  Log& log_;
  std::unique_ptr<BlockingPool> passwords_;
  CredentialCache cache_;
  Lockout lockout_;
  std::unique_ptr<Forgetting> forgetting_;
  std::unique_ptr<AccountStore> store_;
  std::unique_ptr<Authenticators> authenticators_;
  FileWatch token_files_;
  std::unique_ptr<AccessControl> control_;
  std::unique_ptr<PolicyLoader> policy_;
  std::unique_ptr<Accounts> accounts_;
};

/// How clients are told to log in.
ChallengeOptions build_challenges(const ServerConfig& config);

}  // namespace berth
