#include "registry/space_guard.h"

#include <gtest/gtest.h>

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

TEST(BufferBudget, GivesLessToEachAsItFills) {
  BufferBudget budget(1 << 20);
  const auto first = budget.take_part(32 << 10, 1 << 20);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->bytes(), 128U << 10U);
  const auto second = budget.take_part(32 << 10, 1 << 20);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->bytes(), 112U << 10U);
  const auto small = budget.take_part(100, 200);
  ASSERT_TRUE(small);
  EXPECT_EQ(small->bytes(), 200U);
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
