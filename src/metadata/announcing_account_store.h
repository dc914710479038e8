// AnnouncingAccountStore: an account store that tells a listener of each of its changes.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "metadata/account_listener.h"
#include "metadata/account_store.h"

namespace berth {

/// Times of use are not told: nothing that is remembered depends on them.
///
/// Lifetime: `inner` and `listener` outlive it. Every writer of the process goes through it.
class AnnouncingAccountStore final : public AccountStore {
 public:
  AnnouncingAccountStore(AccountStore& inner, AccountListener& listener) : inner_(inner), listener_(listener) {}

  Task<bool> set_user_secret(AccountName name, std::string secret_hash) override;
  Task<bool> set_user_state(AccountName name, UserState state) override;
  Task<bool> remove_user(AccountName name) override;
  Task<bool> remove_group(AccountName name) override;
  Task<AddMemberOutcome> add_member(AccountName group, AccountName user) override;
  Task<bool> remove_member(AccountName group, AccountName user) override;
  Task<bool> rotate_robot(AccountName name, Digest secret, std::optional<WallTime> expires) override;
  Task<bool> remove_robot(AccountName name) override;
  Task<bool> remove_token(AccountName user, std::string id) override;
  Task<bool> add_rule(RuleRecord rule) override;
  Task<bool> remove_rule(std::string id) override;
  // What is new makes nothing untrue, but somebody may have been told that it is not there.
  Task<bool> create_user(UserRecord user) override;
  Task<bool> create_robot(RobotRecord robot) override;

  Task<std::optional<UserAccount>> find_user(AccountName name) override { return inner_.find_user(std::move(name)); }
  Task<Page<UserRecord>> list_users(std::optional<std::string> after, std::size_t limit) override {
    return inner_.list_users(std::move(after), limit);
  }
  Task<> record_login(AccountName name, WallTime now) override { return inner_.record_login(std::move(name), now); }
  Task<bool> create_group(GroupRecord group) override { return inner_.create_group(std::move(group)); }
  Task<std::optional<GroupRecord>> find_group(AccountName name) override { return inner_.find_group(std::move(name)); }
  Task<Page<GroupRecord>> list_groups(std::optional<std::string> after, std::size_t limit) override {
    return inner_.list_groups(std::move(after), limit);
  }
  Task<Page<AccountName>> list_members(AccountName group, std::optional<std::string> after,
                                       std::size_t limit) override {
    return inner_.list_members(std::move(group), std::move(after), limit);
  }
  Task<std::optional<RobotRecord>> find_robot(AccountName name) override { return inner_.find_robot(std::move(name)); }
  Task<std::optional<RobotRecord>> find_robot_by_secret(Digest secret) override {
    return inner_.find_robot_by_secret(secret);
  }
  Task<Page<RobotRecord>> list_robots(std::optional<std::string> after, std::size_t limit) override {
    return inner_.list_robots(std::move(after), limit);
  }
  Task<> record_robot_use(AccountName name, WallTime now) override {
    return inner_.record_robot_use(std::move(name), now);
  }
  Task<CreateTokenOutcome> create_token(TokenRecord token) override { return inner_.create_token(std::move(token)); }
  Task<std::optional<TokenAccount>> find_token_by_secret(Digest secret) override {
    return inner_.find_token_by_secret(secret);
  }
  Task<Page<TokenRecord>> list_tokens(AccountName user, std::optional<std::string> after, std::size_t limit) override {
    return inner_.list_tokens(std::move(user), std::move(after), limit);
  }
  Task<> record_token_use(std::string id, WallTime now) override { return inner_.record_token_use(std::move(id), now); }
  Task<Page<RuleRecord>> list_rules(std::size_t after, std::size_t limit) override {
    return inner_.list_rules(after, limit);
  }

 private:
  AccountStore& inner_;
  AccountListener& listener_;
};

}  // namespace berth
