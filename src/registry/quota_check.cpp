#include "registry/quota_check.h"

#include <algorithm>
#include <utility>

namespace berth {
namespace {

/// What has to be found for bytes of which nothing but their number is known.
std::optional<QuotaExceeded> refusal_of(const QuotaPolicy& policy, const ScopeUsage& scope, std::uint64_t size_bytes) {
  for (const QuotaResource resource : {QuotaResource::bytes, QuotaResource::pending_bytes}) {
    const std::optional<std::uint64_t> limit = policy.rules().at(scope.scope).limit(resource);
    const std::uint64_t used = amount_of(scope.usage, resource);
    if (!limit || (used < *limit && size_bytes <= *limit)) continue;
    return QuotaExceeded{.scope = scope.scope,
                         .resource = resource,
                         .limit = *limit,
                         .used = used,
                         .needed = std::max<std::uint64_t>(size_bytes, 1)};
  }
  return std::nullopt;
}

}  // namespace

Task<Result<void>> QuotaCheck::check_unknown(RepositoryName repository, std::uint64_t size_bytes) {
  if (is_off()) co_return Result<void>();
  std::optional<QuotaExceeded> exceeded;
  for (const ScopeUsage& scope : co_await usage_->usage_of(repository)) {
    exceeded = refusal_of(policy_, scope, size_bytes);
    if (exceeded) break;
  }
  if (!exceeded) co_return Result<void>();
  const bool may_heal = co_await usage_->misses_a_blob(std::move(repository));
  if (may_heal) co_return Result<void>();
  co_return std::unexpected(policy_.refusal(*exceeded));
}

Task<Result<void>> QuotaCheck::check_blob(RepositoryName repository, Digest digest, std::uint64_t size_bytes) {
  if (is_off()) co_return Result<void>();
  for (const PossibleUsage& scope : co_await usage_->usage_with(std::move(repository), digest, size_bytes)) {
    std::optional<QuotaExceeded> exceeded = policy_.check(scope.scope, scope.now, scope.if_linked);
    if (!exceeded) exceeded = policy_.check(scope.scope, scope.now, scope.if_named);
    if (exceeded) co_return std::unexpected(policy_.refusal(*exceeded));
  }
  co_return Result<void>();
}

}  // namespace berth
