// AccountAuthenticator: users, robots and personal access tokens of the account store.
#pragma once

#include <optional>
#include <string>

#include "async/run_blocking.h"
#include "auth/authenticator.h"
#include "auth/secret_hash.h"
#include "base/clock.h"
#include "metadata/account_store.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace berth {

/// What it takes, as Basic credentials: a user's name and password; a user's name and one of his personal access
/// tokens; a robot, `robot$ci` or just `ci`, and its secret. As Bearer credentials: a token or a robot's secret alone,
/// which says by itself whose it is. Logins and uses are recorded, once an hour; a store that cannot write is no reason
/// to refuse one.
///
/// Threading: any loop; passwords are computed on the pool.
class AccountAuthenticator final : public Authenticator, public UserDirectory {
 public:
  AccountAuthenticator(AccountStore& store, BlockingPool& passwords, SecretCost cost, const Clock& clock, Log& log,
                       Metrics& metrics);

  /// One password is computed for each, whether there is such a user or not, and none for secrets of our making.
  Task<Authentication> authenticate(Credentials credentials) override;
  /// A robot by `robot$ci`.
  Task<std::optional<KnownUser>> find_user(std::string name) override;

 private:
  Task<Authentication> check_password(BasicCredentials credentials);
  Task<Authentication> check_robot(std::string secret, std::optional<std::string> name);
  Task<Authentication> check_token(std::string secret, std::optional<std::string> name);
  /// Runs a recording of a use; a failure is logged.
  Task<> record(Task<> recording);
  bool is_due(const std::optional<WallTime>& last_use) const;

  // Fixed after construction.
  AccountStore& store_;
  BlockingPool& passwords_;
  const std::string nobody_;
  const Clock& clock_;
  Log& log_;
  Counter& checks_;
};

/// "robot$", which stands before a robot's name in Basic credentials.
inline constexpr std::string_view kRobotPrefix = "robot$";

}  // namespace berth
