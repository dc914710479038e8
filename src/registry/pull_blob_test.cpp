#include "registry/pull_blob.h"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

TEST(PullBlob, GivesTheBytesToTheRepositoryThatHasALink) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  EXPECT_EQ(world.pull("app", digest), "layer");
  EXPECT_FALSE(world.pull("other", digest)) << "another repository's blob";
  EXPECT_FALSE(world.has("other", digest));
  EXPECT_FALSE(world.pull("app", sha256_of("never pushed")));
}

TEST(PullBlob, AMissingFileIs404ForHeadTooUntilThePushThatHealsIt) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  run_task(world.storage.blobs().delete_without_reference_check(digest));
  EXPECT_TRUE(world.has("app", digest)) << "nobody noticed yet";
  EXPECT_FALSE(world.pull("app", digest));
  EXPECT_FALSE(world.has("app", digest));
  EXPECT_EQ(run_task(world.metadata.blob_state(digest)), BlobState::missing);
  EXPECT_FALSE(run_task(world->start_upload.mount(repository("other"), {.digest = digest, .from = {}})).value());
  world.push("app", "layer");
  EXPECT_EQ(world.pull("app", digest), "layer");
}

TEST(PullBlob, AFileOfTheWrongSizeIsNeverServed) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  run_task(world.storage.blobs().put(digest, SharedBytes("lay")));
  EXPECT_FALSE(world.pull("app", digest));
  EXPECT_EQ(run_task(world.metadata.blob_state(digest)), BlobState::missing);
}

TEST(PullBlob, AReadThatWasShortOnceIsLookedAtAgain) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  world.blobs.faults().shorten_next_read();
  EXPECT_EQ(world.pull("app", digest), "layer");
  EXPECT_EQ(run_task(world.metadata.blob_state(digest)), BlobState::present);
}

TEST(PullBlob, AVolumeThatIsGoneDamagesNoBlob) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  run_task(world.storage.blobs().delete_without_reference_check(digest));
  world.blobs.faults().fail_next(StorageCall::check_health);
  EXPECT_THROW(world.pull("app", digest), Failure);
  EXPECT_EQ(run_task(world.metadata.blob_state(digest)), BlobState::present);
}

TEST(PullBlob, AHealedBlobIsNotMarkedByTheReadThatMissedIt) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  run_task(world.storage.blobs().delete_without_reference_check(digest));
  // The reader waits for the lock that the healing push holds.
  std::optional<KeyLock::Guard> healing = world.digest_locks.try_acquire(digest.to_string());
  ASSERT_TRUE(healing);
  boost::asio::io_context loop(1);
  std::optional<Result<PulledBlob>> pulled;
  boost::asio::co_spawn(loop, keep_result(world->pull_blob.open(repository("app"), digest, 0), pulled),
                        boost::asio::detached);
  loop.poll();
  EXPECT_FALSE(pulled);
  run_task(world.storage.blobs().put(digest, SharedBytes("layer")));
  healing.reset();
  loop.run();
  ASSERT_TRUE(pulled);
  EXPECT_TRUE(pulled->has_value());
  EXPECT_EQ(run_task(world.metadata.blob_state(digest)), BlobState::present);
}

}  // namespace
}  // namespace berth
