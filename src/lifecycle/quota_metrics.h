// QuotaMetrics: how full quotas are, as gauges: two a rule, however many repositories it is about.
#pragma once

#include "lifecycle/usage_report.h"
#include "observe/metrics.h"

namespace berth {

/// Of a rule that is for each repository: the fullest one. Rules without a limit of bytes have no gauges.
///
/// Threading: one loop. Lifetime: what it is made of outlives it.
class QuotaMetrics {
 public:
  QuotaMetrics(UsageReporter& reporter, Metrics& metrics) : reporter_(reporter), metrics_(metrics) {}
  Task<> refresh();

 private:
  UsageReporter& reporter_;
  Metrics& metrics_;
};

}  // namespace berth
