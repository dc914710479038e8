#include "registry/promise_book.h"

#include <gtest/gtest.h>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

TEST(PlanRenewal, RenewsOnceLessThanThreeQuartersAreLeft) {
  const WallTime now(std::chrono::hours(1000));
  EXPECT_EQ(plan_renewal(now + 24h, now, 24h), std::nullopt);
  EXPECT_EQ(plan_renewal(now + 18h, now, 24h), std::nullopt);
  EXPECT_EQ(plan_renewal(now + 18h - 1us, now, 24h), now + 24h);
  EXPECT_EQ(plan_renewal(now - 1h, now, 24h), now + 24h);
  EXPECT_EQ(plan_renewal(now + 100h, now, 24h), std::nullopt) << "a longer promise that stands is kept";
}

WallTime promise_of(RegistryInMemory& world, const std::string& name, const Digest& digest) {
  return run_task(world.metadata.find_blob(repository(name), digest)).value().promised_until;
}

TEST(PromiseBook, AHeadWritesNothingWhileThePromiseIsFresh) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  const WallTime promised = promise_of(world, "app", digest);
  EXPECT_EQ(promised, world.clock.now() + 24h);
  world.clock.advance(5h);
  EXPECT_TRUE(world.has("app", digest));
  EXPECT_EQ(promise_of(world, "app", digest), promised);
}

TEST(PromiseBook, AHeadRenewsAStalePromiseBeforeItAnswers) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  world.clock.advance(7h);
  EXPECT_TRUE(world.has("app", digest));
  EXPECT_EQ(promise_of(world, "app", digest), world.clock.now() + 24h);
}

TEST(PromiseBook, APullPromisesNothing) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  const WallTime promised = promise_of(world, "app", digest);
  world.clock.advance(30h);
  EXPECT_EQ(world.pull("app", digest), "layer");
  EXPECT_EQ(promise_of(world, "app", digest), promised);
}

TEST(PromiseBook, AManifestHeadRenews) {
  RegistryInMemory world;
  const std::string image = world.image("app", "layer");
  const Digest digest = world.put("app", tag("v1"), image).value().digest;
  world.clock.advance(7h);
  const auto found = run_task(world->pull_manifest.find(repository("app"), tag("v1")));
  ASSERT_TRUE(found);
  const auto record = run_task(world.metadata.find_manifest(repository("app"), digest));
  EXPECT_EQ(record->promised_until, world.clock.now() + 24h);
}

TEST(PromiseBook, AReadOnlyRegistryPromisesNothing) {
  RegistryPolicy policy;
  policy.is_read_only = true;
  RegistryInMemory world(policy);
  const Digest digest = world.push("app", "layer");  // the rules do not know of HTTP methods; the pipeline refuses
  const WallTime promised = promise_of(world, "app", digest);
  world.clock.advance(30h);
  EXPECT_TRUE(world.has("app", digest));
  EXPECT_EQ(promise_of(world, "app", digest), promised);
}

}  // namespace
}  // namespace berth
