// MemoryAccountStore: the contract in maps, for tests and the in-memory storage driver. Nothing survives the process.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metadata/account_store.h"

namespace berth {

/// Threading: any loop; every method is one critical section and never waits for anything else.
class MemoryAccountStore final : public AccountStore {
 public:
  Task<bool> create_user(UserRecord user) override;
  Task<std::optional<UserAccount>> find_user(AccountName name) override;
  Task<Page<UserRecord>> list_users(std::optional<std::string> after, std::size_t limit) override;
  Task<bool> set_user_secret(AccountName name, std::string secret_hash) override;
  Task<bool> set_user_state(AccountName name, UserState state) override;
  Task<bool> remove_user(AccountName name) override;
  Task<> record_login(AccountName name, WallTime now) override;

  Task<bool> create_group(GroupRecord group) override;
  Task<std::optional<GroupRecord>> find_group(AccountName name) override;
  Task<Page<GroupRecord>> list_groups(std::optional<std::string> after, std::size_t limit) override;
  Task<bool> remove_group(AccountName name) override;
  Task<AddMemberOutcome> add_member(AccountName group, AccountName user) override;
  Task<bool> remove_member(AccountName group, AccountName user) override;
  Task<Page<AccountName>> list_members(AccountName group, std::optional<std::string> after, std::size_t limit) override;

  Task<bool> create_robot(RobotRecord robot) override;
  Task<std::optional<RobotRecord>> find_robot(AccountName name) override;
  Task<std::optional<RobotRecord>> find_robot_by_secret(Digest secret) override;
  Task<Page<RobotRecord>> list_robots(std::optional<std::string> after, std::size_t limit) override;
  Task<bool> rotate_robot(AccountName name, Digest secret, std::optional<WallTime> expires) override;
  Task<bool> remove_robot(AccountName name) override;
  Task<> record_robot_use(AccountName name, WallTime now) override;

  Task<CreateTokenOutcome> create_token(TokenRecord token) override;
  Task<std::optional<TokenAccount>> find_token_by_secret(Digest secret) override;
  Task<Page<TokenRecord>> list_tokens(AccountName user, std::optional<std::string> after, std::size_t limit) override;
  Task<bool> remove_token(AccountName user, std::string id) override;
  Task<> record_token_use(std::string id, WallTime now) override;

  Task<bool> add_rule(RuleRecord rule) override;
  Task<bool> remove_rule(std::string id) override;
  Task<Page<RuleRecord>> list_rules(std::size_t after, std::size_t limit) override;

 private:
  struct Group {
    GroupRecord record;
    std::set<AccountName> members;
  };

  // Wants mutex_ held.
  std::optional<UserAccount> account_of(const AccountName& name) const;
  bool is_robot_secret_taken(const Digest& secret) const;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, UserRecord> users_;
  std::map<std::string, Group> groups_;
  std::map<std::string, RobotRecord> robots_;
  std::map<std::string, TokenRecord> tokens_;  // by id
  std::vector<RuleRecord> rules_;              // in order; their positions are filled in when they are read
};

}  // namespace berth
