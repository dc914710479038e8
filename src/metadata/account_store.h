// AccountStore: users, groups, robots, personal access tokens and access rules, in the same database and queue of
// writes as everything else. Failure counters are not here: they live in memory (auth/lockout.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "async/task.h"
#include "metadata/account_records.h"
#include "metadata/page.h"

namespace berth {

/// Times of use are stored at most this often: a use every second must not be a commit every second.
inline constexpr std::chrono::hours kUseResolution{1};

enum class AddMemberOutcome { added, was_member, unknown_group, unknown_user };
enum class CreateTokenOutcome { created, unknown_user, taken };

/// Each method is one transaction. `bool` is whether there was something to do it to: false for an unknown name, or for
/// a name (or id, or secret) that is taken.
///
/// Threading: any loop.
/// Failures:  Failure(metadata), Failure(storage_full), Failure(overloaded), as MetadataStore.
/// Crash:     what was answered is there.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // --- users --------------------------------------------------------------------------------------------------------
  virtual Task<bool> create_user(UserRecord user) = 0;
  virtual Task<std::optional<UserAccount>> find_user(AccountName name) = 0;
  virtual Task<Page<UserRecord>> list_users(std::optional<std::string> after, std::size_t limit) = 0;
  virtual Task<bool> set_user_secret(AccountName name, std::string secret_hash) = 0;
  virtual Task<bool> set_user_state(AccountName name, UserState state) = 0;
  /// With its tokens and memberships.
  virtual Task<bool> remove_user(AccountName name) = 0;
  /// Changes nothing if the stored time is younger than kUseResolution, or the user is gone.
  virtual Task<> record_login(AccountName name, WallTime now) = 0;

  // --- groups -------------------------------------------------------------------------------------------------------
  virtual Task<bool> create_group(GroupRecord group) = 0;
  virtual Task<std::optional<GroupRecord>> find_group(AccountName name) = 0;
  virtual Task<Page<GroupRecord>> list_groups(std::optional<std::string> after, std::size_t limit) = 0;
  /// With its memberships.
  virtual Task<bool> remove_group(AccountName name) = 0;
  virtual Task<AddMemberOutcome> add_member(AccountName group, AccountName user) = 0;
  virtual Task<bool> remove_member(AccountName group, AccountName user) = 0;
  virtual Task<Page<AccountName>> list_members(AccountName group, std::optional<std::string> after,
                                               std::size_t limit) = 0;

  // --- robots -------------------------------------------------------------------------------------------------------
  virtual Task<bool> create_robot(RobotRecord robot) = 0;
  virtual Task<std::optional<RobotRecord>> find_robot(AccountName name) = 0;
  virtual Task<std::optional<RobotRecord>> find_robot_by_secret(Digest secret) = 0;
  virtual Task<Page<RobotRecord>> list_robots(std::optional<std::string> after, std::size_t limit) = 0;
  /// The old secret is worth nothing from then on.
  virtual Task<bool> rotate_robot(AccountName name, Digest secret, std::optional<WallTime> expires) = 0;
  virtual Task<bool> remove_robot(AccountName name) = 0;
  virtual Task<> record_robot_use(AccountName name, WallTime now) = 0;

  // --- personal access tokens ---------------------------------------------------------------------------------------
  virtual Task<CreateTokenOutcome> create_token(TokenRecord token) = 0;
  virtual Task<std::optional<TokenAccount>> find_token_by_secret(Digest secret) = 0;
  virtual Task<Page<TokenRecord>> list_tokens(AccountName user, std::optional<std::string> after,
                                              std::size_t limit) = 0;
  virtual Task<bool> remove_token(AccountName user, std::string id) = 0;
  virtual Task<> record_token_use(std::string id, WallTime now) = 0;

  // --- access rules -------------------------------------------------------------------------------------------------
  /// Puts the rule at its position and moves those from there on back by one; position 0 or beyond the end: last.
  virtual Task<bool> add_rule(RuleRecord rule) = 0;
  virtual Task<bool> remove_rule(std::string id) = 0;
  /// In order of position, those behind `after`.
  virtual Task<Page<RuleRecord>> list_rules(std::size_t after, std::size_t limit) = 0;
};

}  // namespace berth
