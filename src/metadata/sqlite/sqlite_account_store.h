// SqliteAccountStore: the accounts in the embedded metadata database; it reads and writes through that store's threads.
#pragma once

#include <string>
#include <utility>

#include "metadata/account_store.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteAccountStore final : public AccountStore {
 public:
  SqliteAccountStore(sqlite::Readers& readers, sqlite::WriteQueue& writer) : readers_(readers), writer_(writer) {}

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
  template <class Work>
  auto read(Work work) {
    return readers_.run(std::move(work));
  }
  template <class Work>
  auto write(Work work) {
    return writer_.run(0, std::move(work));
  }

  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
};

}  // namespace berth
