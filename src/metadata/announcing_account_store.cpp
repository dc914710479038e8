#include "metadata/announcing_account_store.h"

#include "base/at_end.h"

namespace berth {

Task<bool> AnnouncingAccountStore::set_user_secret(AccountName name, std::string secret_hash) {
  const AtEnd tell([this, &name] { listener_.user_changed(name); });
  co_return co_await inner_.set_user_secret(name, std::move(secret_hash));
}

Task<bool> AnnouncingAccountStore::set_user_state(AccountName name, UserState state) {
  const AtEnd tell([this, &name] { listener_.user_changed(name); });
  co_return co_await inner_.set_user_state(name, state);
}

Task<bool> AnnouncingAccountStore::remove_user(AccountName name) {
  const AtEnd tell([this, &name] { listener_.user_changed(name); });
  co_return co_await inner_.remove_user(name);
}

Task<bool> AnnouncingAccountStore::remove_group(AccountName name) {
  // Its members are not looked up: they may be many, and a group is removed once.
  const AtEnd tell([this] { listener_.all_users_changed(); });
  co_return co_await inner_.remove_group(std::move(name));
}

Task<AddMemberOutcome> AnnouncingAccountStore::add_member(AccountName group, AccountName user) {
  const AtEnd tell([this, &user] { listener_.user_changed(user); });
  co_return co_await inner_.add_member(std::move(group), user);
}

Task<bool> AnnouncingAccountStore::remove_member(AccountName group, AccountName user) {
  const AtEnd tell([this, &user] { listener_.user_changed(user); });
  co_return co_await inner_.remove_member(std::move(group), user);
}

Task<bool> AnnouncingAccountStore::rotate_robot(AccountName name, Digest secret, std::optional<WallTime> expires) {
  const AtEnd tell([this, &name] { listener_.robot_changed(name); });
  co_return co_await inner_.rotate_robot(name, secret, expires);
}

Task<bool> AnnouncingAccountStore::remove_robot(AccountName name) {
  const AtEnd tell([this, &name] { listener_.robot_changed(name); });
  co_return co_await inner_.remove_robot(name);
}

Task<bool> AnnouncingAccountStore::remove_token(AccountName user, std::string id) {
  const AtEnd tell([this, &user] { listener_.user_changed(user); });
  co_return co_await inner_.remove_token(user, std::move(id));
}

Task<bool> AnnouncingAccountStore::add_rule(RuleRecord rule) {
  const AtEnd tell([this] { listener_.rules_changed(); });
  co_return co_await inner_.add_rule(std::move(rule));
}

Task<bool> AnnouncingAccountStore::remove_rule(std::string id) {
  const AtEnd tell([this] { listener_.rules_changed(); });
  co_return co_await inner_.remove_rule(std::move(id));
}

Task<bool> AnnouncingAccountStore::create_user(UserRecord user) {
  const AtEnd tell([this, name = user.name] { listener_.user_changed(name); });
  co_return co_await inner_.create_user(std::move(user));
}

Task<bool> AnnouncingAccountStore::create_robot(RobotRecord robot) {
  const AtEnd tell([this, name = robot.name] { listener_.robot_changed(name); });
  co_return co_await inner_.create_robot(std::move(robot));
}

}  // namespace berth
