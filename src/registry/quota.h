// QuotaPolicy: how much repositories may hold (data.md 3). Transactions are held to it by its guard; what is counted is
// the metadata's (metadata/charge_sheet.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/name_pattern.h"
#include "base/result.h"
#include "metadata/usage_store.h"

namespace berth {

/// One rule. A limit that is unset holds nothing back.
struct QuotaRule {
  NamePattern repositories;
  ScopeUnit unit = ScopeUnit::together;  ///< whether the limits are for the sum of the repositories or for each
  std::optional<std::uint64_t> bytes = {};
  std::optional<std::uint64_t> pending_bytes = {};
  std::optional<std::uint64_t> manifests = {};
  std::optional<std::uint64_t> tags = {};

  std::optional<std::uint64_t> limit(QuotaResource resource) const;
  /// "team/**", "each repository of team/**"
  std::string text() const;
};

/// "bytes", "pending_bytes", "manifests", "tags"
std::string_view name_of(QuotaResource resource);
std::uint64_t amount_of(const QuotaUsage& usage, QuotaResource resource);

/// All rules that match a repository hold for it.
///
/// Threading: immutable.
class QuotaPolicy {
 public:
  QuotaPolicy() = default;
  /// No two of them have the same repositories and unit.
  explicit QuotaPolicy(std::vector<QuotaRule> rules) : rules_(std::move(rules)) {}

  bool is_empty() const { return rules_.empty(); }
  /// In the order of the scopes.
  const std::vector<QuotaRule>& rules() const { return rules_; }
  /// What has to be counted: one for each rule.
  std::vector<QuotaScope> scopes() const;

  /// What may not grow any further does not; what is over its limit already, since that was lowered, may shrink and
  /// stay. The guard is empty without rules. Lifetime: this outlives it.
  QuotaGuard guard() const;
  std::optional<QuotaExceeded> check(std::size_t scope, const QuotaUsage& now, const QuotaUsage& then) const;

  /// What the client is told: quota_exceeded.
  Error refusal(const QuotaExceeded& exceeded) const;

 private:
  std::vector<QuotaRule> rules_;
};

}  // namespace berth
