#include "registry/promise_book.h"

#include <gtest/gtest.h>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

/// A store that does not commit promises, and may lose what they are about in the same moment.
class Unwilling final : public ChangeCountingStore {
 public:
  Unwilling(MetadataStore& inner, ChangeNumbers& changes) : ChangeCountingStore(inner, changes) {}
  Task<bool> renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) override {
    if (loses_it) co_await delete_blob(repository, digest, {}, {});
    if (kind) throw Failure(*kind, "the disk");
    co_return co_await ChangeCountingStore::renew_blob_promise(repository, digest, promised_until);
  }
  Task<bool> renew_manifest_promise(RepositoryName repository, Digest digest, WallTime promised_until) override {
    if (kind) throw Failure(*kind, "the disk");
    co_return co_await ChangeCountingStore::renew_manifest_promise(repository, digest, promised_until);
  }
  Task<> check_health() override {
    if (kind) throw Failure(*kind, "the disk");
    co_await ChangeCountingStore::check_health();
  }

  std::optional<FailureKind> kind;
  bool loses_it = false;
};

class UnwrittenPromise : public testing::TestWithParam<FailureKind> {
 protected:
  UnwrittenPromise() {
    layer_ = world_.push("app", "loose");
    image_ = world_.put("app", tag("v1"), world_.image("app", "layer")).value().digest;
    world_.clock.advance(7h);
    store_.kind = GetParam();
  }
  std::optional<WallTime> head() {
    const BlobLink link = run_task(store_.find_blob(repository("app"), layer_)).value();
    return run_task(book_.keep_blob(repository("app"), link));
  }

  RegistryInMemory world_;
  Unwilling store_{world_.metadata, world_.changes};
  PromiseBook book_{store_, world_.clock, *world_.log, 24h, false};
  Digest layer_ = sha256_of("");
  Digest image_ = sha256_of("");
};

INSTANTIATE_TEST_SUITE_P(Disks, UnwrittenPromise, testing::Values(FailureKind::metadata, FailureKind::storage_full));

TEST_P(UnwrittenPromise, HoldsTheCollectorForAsLongAsItWouldHaveLasted) {
  EXPECT_TRUE(book_.may_remove());
  EXPECT_TRUE(head()) << "reads go on while the disk is full";
  EXPECT_FALSE(book_.may_remove());
  store_.kind.reset();
  world_.clock.advance(24h - 1s);
  EXPECT_FALSE(book_.may_remove()) << "the disk is well again, and a collector's commit would succeed";
  world_.clock.advance(1s);
  EXPECT_TRUE(book_.may_remove());
}

TEST_P(UnwrittenPromise, OfAManifestHoldsTheCollectorToo) {
  const WallTime promised = run_task(store_.find_manifest(repository("app"), image_)).value().promised_until;
  EXPECT_EQ(run_task(book_.keep_manifest(repository("app"), image_, promised)), promised);
  EXPECT_FALSE(book_.may_remove());
}

TEST_P(UnwrittenPromise, IsNotToldOfWhatWentMeanwhile) {
  store_.loses_it = true;
  EXPECT_FALSE(head());
}

TEST(PromiseBook, DoesNotTakeAFullQueueForABrokenDisk) {
  RegistryInMemory world;
  const Digest layer = world.push("app", "layer");
  world.clock.advance(7h);
  Unwilling store(world.metadata, world.changes);
  PromiseBook book(store, world.clock, *world.log, 24h, false);
  store.kind = FailureKind::overloaded;
  const BlobLink link = run_task(store.find_blob(repository("app"), layer)).value();
  EXPECT_THROW(run_task(book.keep_blob(repository("app"), link)), Failure);
  EXPECT_TRUE(book.may_remove()) << "nothing was told";
}

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
