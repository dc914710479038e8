#include "auth/lockout.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/manual_clock.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

class LockoutTest : public testing::Test {
 protected:
  Lockout& lockout() {
    if (!lockout_) lockout_ = std::make_unique<Lockout>(options_, clock_, entropy_, metrics_);
    return *lockout_;
  }
  /// Fails as often as it is let.
  unsigned fail(std::string_view account, std::string_view address, unsigned times) {
    unsigned looked_at = 0;
    for (unsigned i = 0; i < times; ++i) {
      if (lockout().wait_of(account, address)) continue;
      lockout().failed(account, address);
      ++looked_at;
    }
    return looked_at;
  }

  LockoutOptions options_{
      .account_failures = 3, .address_failures = 5, .first_wait = 1s, .longest_wait = 8s, .memory = 60s};
  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  std::unique_ptr<Lockout> lockout_;
};

}  // namespace

TEST_F(LockoutTest, AnAccountWaitsLongerWithEachFailure) {
  EXPECT_EQ(fail("alice", "10.0.0.1", 2), 2U);
  EXPECT_FALSE(lockout().somebody_waits());
  EXPECT_TRUE(lockout().failed("alice", "10.0.0.2"));
  for (const std::chrono::seconds expected : {1s, 2s, 4s, 8s, 8s}) {
    EXPECT_TRUE(lockout().somebody_waits());
    EXPECT_EQ(lockout().wait_of("alice", "10.0.0.3"), expected) << "from wherever it is tried";
    EXPECT_FALSE(lockout().wait_of("bob", "10.0.0.3"));
    clock_.advance(expected);
    EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.3"));
    lockout().failed("alice", "10.0.0.3");
  }
}

TEST_F(LockoutTest, WaitsAreRoundedUpToSeconds) {
  fail("alice", "10.0.0.1", 3);
  clock_.advance(900ms);
  EXPECT_EQ(lockout().wait_of("alice", "10.0.0.1"), 1s);
}

TEST_F(LockoutTest, AnAddressThatTriesManyAccountsWaits) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fail("user" + std::to_string(i), "10.0.0.1", 1), 1U);
  EXPECT_TRUE(lockout().wait_of("somebody else", "10.0.0.1"));
  EXPECT_FALSE(lockout().wait_of("somebody else", "10.0.0.2"));
}

TEST_F(LockoutTest, AttemptsThatAreNotLookedAtDoNotProlongTheWait) {
  EXPECT_EQ(fail("alice", "10.0.0.1", 100), 3U);
  clock_.advance(1s);
  EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.1"));
}

TEST_F(LockoutTest, FailuresAreForgotten) {
  fail("alice", "10.0.0.1", 2);
  clock_.advance(61s);
  EXPECT_EQ(fail("alice", "10.0.0.1", 2), 2U);
  EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.1"));
}

TEST_F(LockoutTest, StrangersDoNotLockOutWhoHasLoggedInFromWhereHeIs) {
  lockout().succeeded("alice", "10.0.0.1");
  fail("alice", "66.6.6.6", 3);
  EXPECT_TRUE(lockout().wait_of("alice", "66.6.6.6"));
  EXPECT_TRUE(lockout().wait_of("alice", "10.0.0.2"));
  EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.1"));
  // Nor do broken machines behind the same address.
  for (int i = 0; i < 9; ++i) fail("robot$" + std::to_string(i), "10.0.0.1", 1);
  EXPECT_TRUE(lockout().wait_of("bob", "10.0.0.1"));
  EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.1"));
}

TEST_F(LockoutTest, WhoHasLoggedInBeforeWaitsForHisOwnFailures) {
  lockout().succeeded("alice", "10.0.0.1");
  EXPECT_EQ(fail("alice", "10.0.0.1", 10), 3U);
  EXPECT_TRUE(lockout().wait_of("alice", "10.0.0.1"));
  EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.2")) << "his failures at home are not the account's";
  clock_.advance(1s);
  lockout().succeeded("alice", "10.0.0.1");
  EXPECT_EQ(fail("alice", "10.0.0.1", 2), 2U);
  EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.1"));
}

TEST_F(LockoutTest, ASuccessTakesBackNothingOfAnAddress) {
  for (int i = 0; i < 4; ++i) fail("user" + std::to_string(i), "10.0.0.1", 1);
  lockout().succeeded("mallory", "10.0.0.1");
  fail("user4", "10.0.0.1", 1);
  EXPECT_TRUE(lockout().wait_of("user5", "10.0.0.1"));
}

TEST_F(LockoutTest, AnAdministratorEndsTheWait) {
  fail("alice", "10.0.0.1", 3);
  EXPECT_TRUE(lockout().wait_of("alice", "10.0.0.2"));
  lockout().forget_account("alice");
  EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.2"));
}

TEST_F(LockoutTest, CanBeTurnedOff) {
  options_.account_failures = 0;
  options_.address_failures = 0;
  EXPECT_EQ(fail("alice", "10.0.0.1", 1000), 1000U);
}

TEST_F(LockoutTest, RemembersABoundedNumber) {
  options_.entry_count = 100;
  fail("alice", "10.0.0.1", 3);
  EXPECT_TRUE(lockout().wait_of("alice", "10.0.0.2"));
  for (int i = 0; i < 1000; ++i) lockout().failed("user" + std::to_string(i), "10.0.1." + std::to_string(i));
  EXPECT_FALSE(lockout().wait_of("alice", "10.0.0.2")) << "the oldest went";
  EXPECT_NE(metrics_.render().find("berth_lockout_entries 100\n"), std::string::npos);
}

TEST_F(LockoutTest, IsUsedByManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  lockout();
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string account = "user" + std::to_string(i % 50);
        const std::string address = "10.0.0." + std::to_string(t);
        if (!lockout().wait_of(account, address)) lockout().failed(account, address);
        if (i % 7 == 0) lockout().succeeded(account, address);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace berth
