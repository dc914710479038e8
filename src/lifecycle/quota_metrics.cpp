#include "lifecycle/quota_metrics.h"

#include <algorithm>
#include <vector>

namespace berth {

Task<> QuotaMetrics::refresh() {
  const std::vector<QuotaRule>& rules = reporter_.quotas().rules();
  std::vector<std::uint64_t> used(rules.size());
  for (const ScopeUsage& entry : co_await reporter_.quota_usage(std::nullopt)) {
    used.at(entry.scope) = std::max(used.at(entry.scope), entry.usage.bytes);
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].bytes) continue;
    const MetricLabels labels{{"quota", rules[i].text()}};
    metrics_
        .gauge("berth_quota_used_bytes", "What a quota is charged; for one of each repository, the fullest.", labels)
        .set(static_cast<std::int64_t>(used[i]));
    metrics_.gauge("berth_quota_limit_bytes", "The limit of a quota.", labels)
        .set(static_cast<std::int64_t>(*rules[i].bytes));
  }
}

}  // namespace berth
