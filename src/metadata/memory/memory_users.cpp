// Users and groups of the MemoryAccountStore.
#include <algorithm>
#include <utility>

#include "metadata/memory/map_page.h"
#include "metadata/memory/memory_account_store.h"

namespace berth {

std::optional<UserAccount> MemoryAccountStore::account_of(const AccountName& name) const {
  const auto found = users_.find(name.text());
  if (found == users_.end()) return std::nullopt;
  UserAccount account{.user = found->second, .groups = {}};
  for (const auto& [text, group] : groups_) {
    if (group.members.contains(name)) account.groups.push_back(group.record.name);
  }
  return account;
}

Task<bool> MemoryAccountStore::create_user(UserRecord user) {
  const std::lock_guard lock(mutex_);
  const std::string key = user.name.text();
  co_return users_.emplace(key, std::move(user)).second;
}

Task<std::optional<UserAccount>> MemoryAccountStore::find_user(AccountName name) {
  const std::lock_guard lock(mutex_);
  co_return account_of(name);
}

Task<Page<UserRecord>> MemoryAccountStore::list_users(std::optional<std::string> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  co_return map_page<UserRecord>(users_, after, limit, [](const auto& entry) { return entry.second; });
}

Task<bool> MemoryAccountStore::set_user_secret(AccountName name, std::string secret_hash) {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(name.text());
  if (found == users_.end()) co_return false;
  found->second.secret_hash = std::move(secret_hash);
  co_return true;
}

Task<bool> MemoryAccountStore::set_user_state(AccountName name, UserState state) {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(name.text());
  if (found == users_.end()) co_return false;
  found->second.state = state;
  co_return true;
}

Task<bool> MemoryAccountStore::remove_user(AccountName name) {
  const std::lock_guard lock(mutex_);
  for (auto& [text, group] : groups_) group.members.erase(name);
  std::erase_if(tokens_, [&name](const auto& entry) { return entry.second.user == name; });
  co_return users_.erase(name.text()) == 1;
}

Task<> MemoryAccountStore::record_login(AccountName name, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(name.text());
  if (found != users_.end()) note_use(found->second.last_login, now);
  co_return;
}

Task<bool> MemoryAccountStore::create_group(GroupRecord group) {
  const std::lock_guard lock(mutex_);
  const std::string key = group.name.text();
  co_return groups_.emplace(key, Group{.record = std::move(group), .members = {}}).second;
}

Task<std::optional<GroupRecord>> MemoryAccountStore::find_group(AccountName name) {
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(name.text());
  if (found == groups_.end()) co_return std::nullopt;
  co_return found->second.record;
}

Task<Page<GroupRecord>> MemoryAccountStore::list_groups(std::optional<std::string> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  co_return map_page<GroupRecord>(groups_, after, limit, [](const auto& entry) { return entry.second.record; });
}

Task<bool> MemoryAccountStore::remove_group(AccountName name) {
  const std::lock_guard lock(mutex_);
  co_return groups_.erase(name.text()) == 1;
}

Task<AddMemberOutcome> MemoryAccountStore::add_member(AccountName group, AccountName user) {
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(group.text());
  if (found == groups_.end()) co_return AddMemberOutcome::unknown_group;
  if (!users_.contains(user.text())) co_return AddMemberOutcome::unknown_user;
  const bool was_added = found->second.members.insert(std::move(user)).second;
  co_return was_added ? AddMemberOutcome::added : AddMemberOutcome::was_member;
}

Task<bool> MemoryAccountStore::remove_member(AccountName group, AccountName user) {
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(group.text());
  co_return found != groups_.end() && found->second.members.erase(user) == 1;
}

Task<Page<AccountName>> MemoryAccountStore::list_members(AccountName group, std::optional<std::string> after,
                                                         std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Page<AccountName> page;
  const auto found = groups_.find(group.text());
  if (found == groups_.end()) co_return page;
  for (const AccountName& member : found->second.members) {
    if (after && member.text() <= *after) continue;
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    page.entries.push_back(member);
  }
  co_return page;
}

}  // namespace berth
