// Robots, tokens and rules of the MemoryAccountStore.
#include <algorithm>
#include <utility>

#include "metadata/memory/map_page.h"
#include "metadata/memory/memory_account_store.h"

namespace berth {

bool MemoryAccountStore::is_robot_secret_taken(const Digest& secret) const {
  return std::ranges::any_of(robots_, [&secret](const auto& entry) { return entry.second.secret == secret; });
}

Task<bool> MemoryAccountStore::create_robot(RobotRecord robot) {
  const std::lock_guard lock(mutex_);
  if (is_robot_secret_taken(robot.secret)) co_return false;
  const std::string key = robot.name.text();
  co_return robots_.emplace(key, std::move(robot)).second;
}

Task<std::optional<RobotRecord>> MemoryAccountStore::find_robot(AccountName name) {
  const std::lock_guard lock(mutex_);
  const auto found = robots_.find(name.text());
  if (found == robots_.end()) co_return std::nullopt;
  co_return found->second;
}

Task<std::optional<RobotRecord>> MemoryAccountStore::find_robot_by_secret(Digest secret) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(robots_, [&secret](const auto& entry) { return entry.second.secret == secret; });
  if (found == robots_.end()) co_return std::nullopt;
  co_return found->second;
}

Task<Page<RobotRecord>> MemoryAccountStore::list_robots(std::optional<std::string> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  co_return map_page<RobotRecord>(robots_, after, limit, [](const auto& entry) { return entry.second; });
}

Task<bool> MemoryAccountStore::rotate_robot(AccountName name, Digest secret, std::optional<WallTime> expires) {
  const std::lock_guard lock(mutex_);
  const auto found = robots_.find(name.text());
  if (found == robots_.end() || is_robot_secret_taken(secret)) co_return false;
  found->second.secret = secret;
  found->second.expires = expires;
  co_return true;
}

Task<bool> MemoryAccountStore::remove_robot(AccountName name) {
  const std::lock_guard lock(mutex_);
  co_return robots_.erase(name.text()) == 1;
}

Task<> MemoryAccountStore::record_robot_use(AccountName name, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = robots_.find(name.text());
  if (found != robots_.end()) note_use(found->second.last_used, now);
  co_return;
}

Task<CreateTokenOutcome> MemoryAccountStore::create_token(TokenRecord token) {
  const std::lock_guard lock(mutex_);
  if (!users_.contains(token.user.text())) co_return CreateTokenOutcome::unknown_user;
  const bool is_secret_taken =
      std::ranges::any_of(tokens_, [&token](const auto& entry) { return entry.second.secret == token.secret; });
  const std::string key = token.id;
  if (is_secret_taken || !tokens_.emplace(key, std::move(token)).second) co_return CreateTokenOutcome::taken;
  co_return CreateTokenOutcome::created;
}

Task<std::optional<TokenAccount>> MemoryAccountStore::find_token_by_secret(Digest secret) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(tokens_, [&secret](const auto& entry) { return entry.second.secret == secret; });
  if (found == tokens_.end()) co_return std::nullopt;
  co_return TokenAccount{.token = found->second, .account = account_of(found->second.user).value()};
}

Task<Page<TokenRecord>> MemoryAccountStore::list_tokens(AccountName user, std::optional<std::string> after,
                                                        std::size_t limit) {
  const std::lock_guard lock(mutex_);
  co_return map_page<TokenRecord>(tokens_, after, limit, [&user](const auto& entry) {
    return entry.second.user == user ? std::optional(entry.second) : std::nullopt;
  });
}

Task<bool> MemoryAccountStore::remove_token(AccountName user, std::string id) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(id);
  if (found == tokens_.end() || found->second.user != user) co_return false;
  tokens_.erase(found);
  co_return true;
}

Task<> MemoryAccountStore::record_token_use(std::string id, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(id);
  if (found != tokens_.end()) note_use(found->second.last_used, now);
  co_return;
}

Task<bool> MemoryAccountStore::add_rule(RuleRecord rule) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(rules_, rule.id, &RuleRecord::id) != rules_.end()) co_return false;
  const bool is_last = rule.position == 0 || rule.position > rules_.size();
  const auto before = is_last ? rules_.end() : rules_.begin() + static_cast<std::ptrdiff_t>(rule.position - 1);
  rules_.insert(before, std::move(rule));
  co_return true;
}

Task<bool> MemoryAccountStore::remove_rule(std::string id) {
  const std::lock_guard lock(mutex_);
  co_return std::erase_if(rules_, [&id](const RuleRecord& rule) { return rule.id == id; }) == 1;
}

Task<Page<RuleRecord>> MemoryAccountStore::list_rules(std::size_t after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Page<RuleRecord> page;
  for (std::size_t position = after + 1; position <= rules_.size(); ++position) {
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    page.entries.push_back(rules_[position - 1]);
    page.entries.back().position = position;
  }
  co_return page;
}

}  // namespace berth
