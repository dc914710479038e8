// UsageReporter: what repositories and quotas hold, for people. It only reports (registry/quota.h is what holds).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "auth/name_pattern.h"
#include "base/clock.h"
#include "base/result.h"
#include "metadata/usage_store.h"
#include "registry/quota.h"

namespace berth {

/// In bytes but for the counts. A blob that a repository links is unique or shared, and named or pending.
struct RepositoryUsage {
  std::uint64_t bytes = 0;              ///< manifests, and the linked blobs that they name
  std::uint64_t pending_bytes = 0;      ///< linked blobs that no manifest of the repository names
  std::uint64_t unique_bytes = 0;       ///< blobs that no other repository links
  std::uint64_t shared_bytes = 0;       ///< blobs that others link, too
  std::uint64_t trash_bytes = 0;        ///< blobs that nothing but the trash keeps
  std::uint64_t reclaimable_bytes = 0;  ///< blobs that nothing keeps any more: a collection would free them now
  std::uint64_t manifests = 0;
  std::uint64_t tags = 0;
};

/// Of everything stored, whatever repository it is asked about.
struct StoredUsage {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;  ///< of these, each once
  std::uint64_t trash_bytes = 0;
  std::uint64_t reclaimable_bytes = 0;
};

struct NamedUsage {
  RepositoryName repository;
  RepositoryUsage usage;
};

struct UsageReport {
  std::vector<NamedUsage> repositories;  ///< in order of their names; those that hold nothing at all are left out
  StoredUsage stored;
  std::vector<ScopeUsage> quotas;  ///< in the order of the rules
};

/// Threading: any loop. Lifetime: what it is made of outlives it.
class UsageReporter {
 public:
  UsageReporter(UsageStore& usage, const QuotaPolicy& quotas, const Clock& clock)
      : usage_(usage), quotas_(quotas), clock_(clock) {}

  /// Walks all that there is, in many short looks: it takes time, holds up nobody, and is no single moment's picture if
  /// there are pushes meanwhile. Its memory follows the number of repositories. Without `repositories` about all.
  /// overloaded: another one is under way.
  Task<Result<UsageReport>> report(std::optional<NamePattern> repositories);

  /// What the quotas' rules are charged, of those repositories that match; cheap.
  Task<std::vector<ScopeUsage>> quota_usage(std::optional<NamePattern> repositories);

  const QuotaPolicy& quotas() const { return quotas_; }

 private:
  UsageStore& usage_;
  const QuotaPolicy& quotas_;
  const Clock& clock_;
  std::atomic<bool> is_busy_{false};
};

}  // namespace berth
