#include "cluster/local/local_budgets.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/support/manual_clock.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

BudgetName address(std::string_view text) {
  return {.what = "requests", .owner_kind = "address", .owner = text};
}

}  // namespace

TEST(LocalBudgets, AFloodOfOwnersDoesNotWashAwayAHeavyOne) {
  ManualClock clock;
  SystemEntropy entropy;
  Metrics metrics;
  LocalBudgets budgets(1000, clock, entropy, metrics);
  const BudgetLimit limit{.units = 100, .window = 60s};
  EXPECT_TRUE(budgets.take(address("heavy"), limit, 100).is_granted);
  for (int i = 0; i < 100'000; ++i) budgets.take(address(std::to_string(i)), limit, 1);
  EXPECT_FALSE(budgets.take(address("heavy"), limit, 1).is_granted);
  EXPECT_GT(metrics.counter("berth_rate_limit_evictions_total", "").value(), 90'000U);
}

TEST(LocalBudgets, OwnersOfLongAgoMakeRoomFirst) {
  ManualClock clock;
  SystemEntropy entropy;
  Metrics metrics;
  LocalBudgets budgets(1000, clock, entropy, metrics);
  const BudgetLimit limit{.units = 100, .window = 60s};
  for (int i = 0; i < 300; ++i) budgets.take(address("old" + std::to_string(i)), limit, 90);
  clock.advance(121s);
  for (int i = 0; i < 300; ++i) budgets.take(address("new" + std::to_string(i)), limit, 1);
  EXPECT_LT(metrics.counter("berth_rate_limit_evictions_total", "").value(), 5U);
}

TEST(LocalBudgets, AreTakenFromByManyThreadsAtOnce) {
  ManualClock clock;
  SystemEntropy entropy;
  Metrics metrics;
  LocalBudgets budgets(1000, clock, entropy, metrics);
  const BudgetLimit limit{.units = 1000, .window = 60s};
  std::atomic<unsigned> granted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) granted += budgets.take(address("shared"), limit, 1).is_granted ? 1U : 0U;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(granted, 1000U);
}

}  // namespace berth
