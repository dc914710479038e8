#include "registry/space_guard.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "registry/buffer_budget.h"
#include "tests/support/registry_world.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

std::uint64_t keep_1000(std::uint64_t) {
  return 1000;
}

RegistryPolicy with_reserve() {
  RegistryPolicy policy;
  policy.reserved_bytes = keep_1000;
  return policy;
}

TEST(SpaceGuard, RefusesWhatWouldLeaveLessThanTheReserve) {
  RegistryInMemory world(with_reserve(), 3000);
  EXPECT_TRUE(run_task(world->space.check(0)));
  EXPECT_TRUE(run_task(world->space.check(2000)));
  const Result<void> refused = run_task(world->space.check(2001));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
  EXPECT_FALSE(run_task(world->space.check(std::numeric_limits<std::uint64_t>::max())));
}

TEST(SpaceGuard, LooksAgainAfterASecond) {
  RegistryInMemory world(with_reserve(), 3000);
  EXPECT_TRUE(run_task(world->space.check(2000)));
  run_task(world.storage.blobs().put(sha256_of(std::string(1500, 'x')), SharedBytes(std::string(1500, 'x'))));
  EXPECT_TRUE(run_task(world->space.check(2000))) << "the figure is not a second old";
  world.clock.advance(1s);
  EXPECT_FALSE(run_task(world->space.check(2000)));
  EXPECT_TRUE(run_task(world->space.check(500)));
}

TEST(SpaceGuard, AFullRegistryRefusesPushesAndServesOn) {
  RegistryInMemory world(with_reserve(), 3000);
  const std::string layer(1500, 'x');
  const Digest digest = world.push("app", layer);
  const std::string image = world.image("app", "small");
  ASSERT_TRUE(world.put("app", tag("v1"), image));
  world.clock.advance(1s);
  EXPECT_EQ(world.push("app", std::string(600, 'y'), sha256_of(std::string(600, 'y'))).error().code,
            ErrorCode::storage_full);
  EXPECT_EQ(world.pull("app", digest), layer);
  run_task(world.storage.blobs().delete_without_reference_check(digest));
  world.clock.advance(1s);
  EXPECT_TRUE(world.push("app", std::string(600, 'y'), sha256_of(std::string(600, 'y'))));
}

TEST(BufferBudget, GivesLessToEachAsItFillsAndSomeToMany) {
  BufferBudget budget(64 << 20);
  std::vector<BufferBudget::Share> shares;
  for (;;) {
    std::optional<BufferBudget::Share> share = budget.take_part(32 << 10, 1 << 20);
    if (!share) break;
    if (!shares.empty()) EXPECT_LE(share->bytes(), shares.back().bytes());
    EXPECT_GE(share->bytes(), 32U << 10U);
    shares.push_back(std::move(*share));
  }
  EXPECT_EQ(shares.front().bytes(), 1U << 20U);
  EXPECT_GT(shares.size(), 250U);
  shares.clear();
  EXPECT_EQ(budget.take_part(100, 200)->bytes(), 200U);
  EXPECT_EQ(budget.free_bytes(), budget.total_bytes());
}

TEST(BufferBudget, RefusesWhenNothingIsLeftAndTakesBack) {
  BufferBudget budget(100);
  {
    const auto all = budget.take(100);
    ASSERT_TRUE(all);
    EXPECT_FALSE(budget.take(1));
    EXPECT_FALSE(budget.take_part(1, 10));
  }
  EXPECT_EQ(budget.free_bytes(), 100U);
}

}  // namespace
}  // namespace berth
