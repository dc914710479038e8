// Accounts: what an administrator does to users, groups, robots, tokens and rules. Every change leaves a line in the
// log with who made it; secrets are handed out once and never logged.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/run_blocking.h"
#include "async/task.h"
#include "auth/access_policy.h"
#include "auth/account_right.h"
#include "auth/policy_loader.h"
#include "auth/secret_hash.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"
#include "metadata/account_store.h"
#include "observe/log.h"

namespace berth {

struct AccountsOptions {
  SecretCost cost = {};
  std::size_t shortest_password = 8;
};

struct Password {
  std::string text;
};
/// Made elsewhere: yescrypt, bcrypt or argon2id.
struct PasswordHash {
  std::string text;
};
/// Nothing: the user has tokens alone.
using NewSecret = std::variant<std::monostate, Password, PasswordHash>;

struct NewRobot {
  AccountName name;
  std::string note = {};
  std::vector<AccountRight> rights = {};
  std::optional<WallTime> expires = {};
};

struct NewToken {
  AccountName user;
  std::string note = {};
  std::vector<AccountRight> rights = {};  ///< empty: all that the user may do
  std::optional<WallTime> expires = {};
};

/// What a rotation does to the expiry: nothing leaves it, a time or "never" (nothing within) replaces it.
using NewExpiry = std::optional<std::optional<WallTime>>;

struct NewRule {
  std::string text;          ///< access_rule_text.h
  std::size_t position = 0;  ///< among the stored rules; 0: last
  std::string note = {};
};

/// A secret is in here and nowhere else: whoever gets it shows it once.
struct CreatedRobot {
  RobotRecord robot;
  std::string secret;
};
struct CreatedToken {
  TokenRecord token;
  std::string secret;
};

/// Who is asked about, and what for.
struct AccessQuestion {
  std::string who;  ///< "alice", "user:alice", "robot:ci", "robot$ci", "anonymous"
  AccessAction action = AccessAction::pull;
  std::string repository = {};  ///< empty for catalog and admin
  std::string tag = {};
};

struct AccessAnswer {
  bool is_allowed = false;
  std::string reason;                    ///< one line for people
  std::string rule = {};                 ///< the rule that decided, if one did
  std::string origin = {};               ///< where it stands
  std::vector<std::string> groups = {};  ///< of the user, as they counted
  bool is_known = true;  ///< false: no stored user or robot of that name; it may be one of the password file
};

/// `by` is who asks for the change, for the log and for what is created.
///
/// Refusals:  request_invalid names the field; not_found, conflict.
/// Failures:  as AccountStore; Failure(overloaded) from the pool.
/// Threading: any loop.
class Accounts {
 public:
  Accounts(AccountStore& store, PolicyLoader& policy, BlockingPool& passwords, const Clock& clock, Entropy& entropy,
           Log& log, AccountsOptions options);

  Task<Result<UserRecord>> add_user(AccountName name, NewSecret secret, std::string by);
  Task<Result<void>> set_password(AccountName name, NewSecret secret, std::string by);
  Task<Result<void>> set_user_state(AccountName name, UserState state, std::string by);
  Task<Result<void>> remove_user(AccountName name, std::string by);

  Task<Result<GroupRecord>> add_group(AccountName name, std::string note, std::string by);
  Task<Result<void>> remove_group(AccountName name, std::string by);
  Task<Result<void>> add_member(AccountName group, AccountName user, std::string by);
  Task<Result<void>> remove_member(AccountName group, AccountName user, std::string by);

  Task<Result<CreatedRobot>> create_robot(NewRobot robot, std::string by);
  /// A new secret; the old one is worth nothing from then on.
  Task<Result<CreatedRobot>> rotate_robot(AccountName name, NewExpiry expires, std::string by);
  Task<Result<void>> revoke_robot(AccountName name, std::string by);

  Task<Result<CreatedToken>> create_token(NewToken token, std::string by);
  Task<Result<void>> revoke_token(AccountName user, std::string id, std::string by);

  Task<Result<RuleRecord>> add_rule(NewRule rule, std::string by);
  Task<Result<void>> remove_rule(std::string id, std::string by);
  Task<Result<AccessAnswer>> explain(AccessQuestion question);

  AccountStore& store() { return store_; }
  /// Those of the configuration, which stand before the stored ones.
  std::vector<AccessRule> configured_rules() const { return policy_.configured_rules(); }
  WallTime now() const { return clock_.now(); }

 private:
  Task<Result<std::string>> hash_of(NewSecret secret);
  Result<void> check_note(const std::string& note) const;
  Result<void> check_expiry(const std::optional<WallTime>& expires) const;
  void note_change(std::string_view what, std::string_view about, std::string_view by);

  // Fixed after construction.
  AccountStore& store_;
  PolicyLoader& policy_;
  BlockingPool& passwords_;
  const Clock& clock_;
  Entropy& entropy_;
  Log& log_;
  const AccountsOptions options_;
};

}  // namespace berth
