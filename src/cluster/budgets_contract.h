// The contract of Budgets: what every implementation must do (budgets_contract_test.cpp names them).
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "cluster/budgets.h"
#include "tests/support/manual_clock.h"

namespace berth {

struct BudgetsFactory {
  std::string name;
  std::unique_ptr<Budgets> (*make)(const Clock& clock);
};

class BudgetsContract : public testing::TestWithParam<BudgetsFactory> {
 protected:
  Budgets& budgets() { return *budgets_; }
  static BudgetName of(std::string_view owner) { return {.what = "pulls", .owner_kind = "user", .owner = owner}; }
  bool take(std::string_view owner, std::uint64_t units = 1) {
    return budgets().take(of(owner), limit_, units).is_granted;
  }
  /// How many single units are granted of `tries`.
  unsigned granted(std::string_view owner, unsigned tries) {
    unsigned count = 0;
    for (unsigned i = 0; i < tries; ++i) count += take(owner) ? 1 : 0;
    return count;
  }

  BudgetLimit limit_{.units = 10, .window = std::chrono::seconds(60)};
  ManualClock clock_;
  std::unique_ptr<Budgets> budgets_ = GetParam().make(clock_);
};

}  // namespace berth
