// QuotaCheck: says no to bytes that cannot be kept before they are received. It only looks: the transaction that makes
// them a blob, or names them in a manifest, decides (QuotaPolicy::guard).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "content/repository_name.h"
#include "metadata/usage_store.h"
#include "registry/quota.h"

namespace berth {

/// Threading: any loop. Lifetime: what it is made of outlives it.
class QuotaCheck {
 public:
  /// Without a store nothing is refused early.
  QuotaCheck(UsageStore* usage, const QuotaPolicy& policy) : usage_(usage), policy_(policy) {}

  /// For bytes whose digest is not known: they may turn out to be what is there already and cost nothing. So only what
  /// cannot be: nothing at all is left, in which not even a manifest has room, or more comes than the whole limit.
  /// Where a blob was lost, it may always be pushed again.
  Task<Result<void>> check_unknown(RepositoryName repository, std::uint64_t size_bytes);

  /// For a blob, as if it were linked and then named by a manifest.
  Task<Result<void>> check_blob(RepositoryName repository, Digest digest, std::uint64_t size_bytes);

 private:
  bool is_off() const { return usage_ == nullptr || policy_.is_empty(); }

  UsageStore* usage_;
  const QuotaPolicy& policy_;
};

}  // namespace berth
