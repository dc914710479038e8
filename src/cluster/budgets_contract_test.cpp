// Who runs the contract of budgets, and what it demands.
#include "cluster/budgets_contract.h"

#include "cluster/local/local_budgets.h"

namespace berth {

using namespace std::chrono_literals;

INSTANTIATE_TEST_SUITE_P(Budgets, BudgetsContract,
                         testing::Values(BudgetsFactory{"local",
                                                        [](const Clock& clock) -> std::unique_ptr<Budgets> {
                                                          static SystemEntropy entropy;
                                                          static Metrics metrics;
                                                          return std::make_unique<LocalBudgets>(10'000, clock, entropy,
                                                                                                metrics);
                                                        }}),
                         [](const testing::TestParamInfo<BudgetsFactory>& info) { return info.param.name; });

TEST_P(BudgetsContract, GivesWhatIsThereAndNoMore) {
  for (std::uint64_t left = 9; left > 0; --left) {
    const BudgetState state = budgets().take(of("alice"), limit_, 1);
    EXPECT_TRUE(state.is_granted);
    EXPECT_EQ(state.remaining, left);
  }
  EXPECT_TRUE(take("alice"));
  const BudgetState refused = budgets().take(of("alice"), limit_, 1);
  EXPECT_FALSE(refused.is_granted);
  EXPECT_EQ(refused.remaining, 0U);
  EXPECT_GT(refused.wait, 0s);
  EXPECT_EQ(granted("alice", 100), 0U) << "refused units cost nothing and give nothing";
}

TEST_P(BudgetsContract, OwnersAndKindsHaveTheirOwn) {
  EXPECT_EQ(granted("alice", 20), 10U);
  EXPECT_EQ(granted("bob", 20), 10U);
  EXPECT_TRUE(budgets().take({.what = "requests", .owner_kind = "user", .owner = "alice"}, limit_, 1).is_granted);
  EXPECT_TRUE(budgets().take({.what = "pulls", .owner_kind = "robot", .owner = "alice"}, limit_, 1).is_granted);
  EXPECT_TRUE(budgets().take(of("alice"), {.units = 11, .window = 60s}, 1).is_granted) << "another limit counts anew";
}

TEST_P(BudgetsContract, LookingTakesNothing) {
  EXPECT_EQ(budgets().look(of("alice"), limit_).remaining, 10U);
  EXPECT_EQ(budgets().look(of("alice"), limit_).remaining, 10U);
  EXPECT_EQ(granted("alice", 20), 10U);
  EXPECT_FALSE(budgets().look(of("alice"), limit_).is_granted);
}

TEST_P(BudgetsContract, WhatIsGivenBackIsThereAgain) {
  EXPECT_EQ(granted("alice", 10), 10U);
  budgets().give_back(of("alice"), limit_, 2);
  EXPECT_EQ(granted("alice", 10), 2U);
  budgets().give_back(of("bob"), limit_, 5);
  EXPECT_EQ(granted("bob", 20), 10U) << "nobody gets more than the limit";
}

TEST_P(BudgetsContract, AWaitThatIsKeptIsEnough) {
  for (const std::chrono::seconds pause : {0s, 7s, 30s, 59s}) {
    clock_.advance(pause);
    granted("alice", 20);
    const BudgetState refused = budgets().take(of("alice"), limit_, 1);
    ASSERT_FALSE(refused.is_granted);
    EXPECT_LE(refused.wait, 120s);
    clock_.advance(refused.wait);
    EXPECT_TRUE(take("alice")) << "after " << refused.wait.count() << " s";
  }
}

TEST_P(BudgetsContract, NoSpanOfAWindowSeesMuchMoreThanTheLimit) {
  // Five units a second without end: whatever minute is looked at, about ten were granted.
  std::vector<unsigned> per_second;
  for (int second = 0; second < 600; ++second) {
    per_second.push_back(granted("alice", 5));
    clock_.advance(1s);
  }
  for (std::size_t from = 0; from + 60 <= per_second.size(); ++from) {
    unsigned sum = 0;
    for (std::size_t i = from; i < from + 60; ++i) sum += per_second[i];
    EXPECT_LE(sum, 15U) << "from second " << from;
  }
  unsigned total = 0;
  for (const unsigned each : per_second) total += each;
  EXPECT_GE(total, 90U) << "ten minutes of ten";
  EXPECT_LE(total, 110U);
}

TEST_P(BudgetsContract, AnAnswerLargerThanWhatIsLeftIsGrantedAndPaidForLater) {
  EXPECT_TRUE(take("alice", 9));
  EXPECT_TRUE(take("alice", 50));
  EXPECT_FALSE(take("alice", 1));
  clock_.advance(60s);
  EXPECT_FALSE(take("alice", 1)) << "the debt weighs on the next window";
  clock_.advance(60s);
  EXPECT_TRUE(take("alice", 1));
}

TEST_P(BudgetsContract, CountsWhatIsAsLargeAsContentIs) {
  const BudgetLimit terabyte{.units = 1ULL << 40, .window = std::chrono::hours(24)};
  EXPECT_TRUE(budgets().take(of("alice"), terabyte, (1ULL << 40) - 1).is_granted);
  clock_.advance(24h + 12h);
  const BudgetState state = budgets().look(of("alice"), terabyte);
  EXPECT_NEAR(static_cast<double>(state.remaining), static_cast<double>(1ULL << 39), 1e6);
}

}  // namespace berth
