#include "auth/policy_loader.h"

#include <fmt/format.h>

#include <expected>
#include <optional>
#include <utility>

#include "auth/access_rule_text.h"
#include "auth/account_right.h"
#include "base/failure.h"

namespace berth {
namespace {

constexpr std::size_t kPageSize = 1000;

AccessRule stored_rule(const RuleRecord& record) {
  std::expected<AccessRule, std::string> rule = parse_access_rule(record.rule);
  if (!rule) {
    throw Failure(FailureKind::metadata,
                  fmt::format("metadata: the stored access rule {} cannot be read: {}", record.id, rule.error()));
  }
  rule->origin = fmt::format("stored rule {}", record.id);
  return *std::move(rule);
}

}  // namespace

PolicyLoader::PolicyLoader(AccountStore& store, PolicySource configured, Install install)
    : store_(store), install_(std::move(install)), configured_(std::move(configured)) {}

Task<PolicySource> PolicyLoader::read_all() {
  PolicySource source;
  {
    const std::lock_guard lock(mutex_);
    source = configured_;
  }
  for (std::size_t after = 0;;) {
    const Page<RuleRecord> page = co_await store_.list_rules(after, kPageSize);
    for (const RuleRecord& record : page.entries) source.rules.push_back(stored_rule(record));
    if (!page.has_more) break;
    after = page.entries.back().position;
  }
  for (std::optional<std::string> after;;) {
    const Page<RobotRecord> page = co_await store_.list_robots(after, kPageSize);
    for (const RobotRecord& robot : page.entries) {
      for (AccessRule& rule : rules_of_robot(robot.name.text(), stored_rights(robot.rights))) {
        source.grants.push_back(std::move(rule));
      }
    }
    if (!page.has_more) break;
    after = page.entries.back().name.text();
  }
  co_return source;
}

Task<> PolicyLoader::reload() {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = ++started_;
  }
  PolicySource source = co_await read_all();
  std::shared_ptr<const AccessPolicy> policy = AccessPolicy::compile(std::move(source));
  const std::lock_guard lock(mutex_);
  // One that began later has read all that this one has.
  if (number < installed_) co_return;
  installed_ = number;
  current_ = policy;
  install_(std::move(policy));
}

void PolicyLoader::set_configured(PolicySource configured) {
  const std::lock_guard lock(mutex_);
  configured_ = std::move(configured);
}

std::vector<AccessRule> PolicyLoader::configured_rules() const {
  const std::lock_guard lock(mutex_);
  return configured_.rules;
}

std::shared_ptr<const AccessPolicy> PolicyLoader::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace berth
