#include "lifecycle/collection_desk.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kCapacity = 1'000'000;

RegistryPolicy policy_with_trash() {
  RegistryPolicy policy;
  policy.allows_deletes = true;
  policy.uses_trash = true;
  policy.promise = 100s;
  policy.review_grace = 0s;
  policy.reserved_bytes = [](std::uint64_t) { return std::uint64_t{1}; };
  return policy;
}

class CollectionDeskTest : public testing::Test {
 protected:
  CollectionDeskTest() { make_desk({.keep_trash = 1h}); }

  void make_desk(CollectionDeskOptions options) {
    desk_ = std::make_unique<CollectionDesk>(loop_.get_executor(), collector_, world_.storage.blobs(), world_.metadata,
                                             world_.clock, *world_.log, metrics_, job_, std::move(options));
  }

  /// Lets everything on the loop come to its end.
  void run() {
    loop_.restart();
    loop_.run();
  }
  CollectionView run_by_hand(CollectionOrder order = {}) {
    const std::uint64_t number = desk_->start(order).value();
    run();
    return desk_->look(number, 0).value();
  }
  void leave(const std::string& content) { world_.push("a", content); }
  std::string delete_image(const std::string& content) {
    std::string image = world_.image("a", content);
    EXPECT_TRUE(world_.put("a", tag("v1"), image));
    EXPECT_TRUE(run_task(world_->delete_content.delete_manifest(repository("a"), sha256_of(image), "bob")));
    return image;
  }
  bool has_bytes(const std::string& content) {
    return run_task(world_.storage.blobs().find(sha256_of(content))).has_value();
  }

  RegistryInMemory world_{policy_with_trash(), kCapacity};
  Metrics metrics_;
  JobBook jobs_{world_.metadata, world_.clock, metrics_};
  Job& job_{jobs_.add("garbage collection", "reviews")};
  boost::asio::io_context loop_{1};
  Collector collector_{{.blobs = world_.storage.blobs(),
                        .metadata = world_.metadata,
                        .collection = world_.metadata,
                        .trash = world_.metadata},
                       world_.digest_locks,
                       world_.clock,
                       *world_.log,
                       {.promise = 100s, .keep_trash = 1h}};
  std::unique_ptr<CollectionDesk> desk_;
};

}  // namespace

TEST_F(CollectionDeskTest, RoundsCollect) {
  leave("layer");
  world_.clock.advance(101s);
  run_task(desk_->run_round());
  EXPECT_FALSE(has_bytes("layer"));
  EXPECT_NE(metrics_.render().find("berth_collection_removed_blobs_total 1"), std::string::npos);
}

TEST_F(CollectionDeskTest, ARunByHandIsSeenByWhoeverWatches) {
  leave("one");
  leave("two");
  world_.clock.advance(101s);
  leave("promised");
  const std::uint64_t number = desk_->start({}).value();
  EXPECT_TRUE(desk_->look(number, 0).value().is_running);
  EXPECT_EQ(desk_->start({}).error().code, ErrorCode::overloaded) << "one at a time";
  EXPECT_FALSE(desk_->look(number + 1, 0));
  run();
  const CollectionView view = desk_->look(number, 0).value();
  EXPECT_FALSE(view.is_running);
  EXPECT_EQ(view.failure, "");
  EXPECT_EQ(view.report.blobs, 2U);
  EXPECT_EQ(view.report.bytes, 6U);
  EXPECT_EQ(view.report.waiting, 1U);
  EXPECT_EQ(view.freed_bytes, 6);
  EXPECT_EQ(view.outcomes.size(), 5U) << "two links, two blobs, and what waits";
  EXPECT_EQ(desk_->look(number, 3).value().outcomes.size(), 2U);
  EXPECT_EQ(desk_->look(number, 3).value().first, 3U);
  EXPECT_GT(run_by_hand().run, number);
}

TEST_F(CollectionDeskTest, ARunThatNobodyWatchesGoesOn) {
  make_desk({.outcome_limit = 4, .watcher_wait = 0ms});
  for (int i = 0; i < 200; ++i) leave("layer" + std::to_string(i));
  world_.clock.advance(101s);
  const CollectionView view = run_by_hand();
  EXPECT_EQ(view.report.blobs, 200U);
  EXPECT_EQ(view.outcomes.size(), 4U);
  EXPECT_EQ(view.first, 396U) << "what was left out is known by its number";
}

TEST_F(CollectionDeskTest, ADryRunRemovesNothing) {
  leave("layer");
  world_.clock.advance(101s);
  EXPECT_EQ(run_by_hand({.is_dry_run = true}).report.blobs, 1U);
  EXPECT_TRUE(has_bytes("layer"));
  EXPECT_EQ(run_by_hand().report.blobs, 1U);
  EXPECT_FALSE(has_bytes("layer"));
}

TEST_F(CollectionDeskTest, SaysWhatRestsInTheTrash) {
  delete_image("layer");
  world_.clock.advance(101s);
  const CollectionView resting = run_by_hand();
  EXPECT_EQ(resting.trash.manifests, 1U);
  EXPECT_EQ(resting.trash.blobs, 2U);
  EXPECT_EQ(resting.trash_until, world_.clock.now() - 101s + 1h);
  EXPECT_TRUE(has_bytes("layer"));
  const CollectionView emptied = run_by_hand({.empties_trash = true});
  EXPECT_EQ(emptied.report.emptied, 1U);
  EXPECT_EQ(emptied.trash.manifests, 0U);
  EXPECT_FALSE(has_bytes("layer"));
}

TEST_F(CollectionDeskTest, ByHandTheTrashIsEmptiedIfTheOptionsSaySo) {
  make_desk({.empties_trash_by_hand = true, .keep_trash = 1h});
  delete_image("layer");
  world_.clock.advance(101s);
  EXPECT_EQ(run_by_hand({.empties_trash = false}).report.emptied, 0U);
  EXPECT_EQ(run_by_hand().report.emptied, 1U);
  EXPECT_FALSE(has_bytes("layer"));
}

TEST_F(CollectionDeskTest, AFullDiskEmptiesTheOldestTrash) {
  make_desk({.keep_trash = 1h, .reserved_bytes = [](std::uint64_t) { return kCapacity / 4; }});
  delete_image(std::string(150'000, 'x'));  // and a configuration of the same size
  world_.clock.advance(101s);
  run_task(desk_->run_round());
  EXPECT_TRUE(has_bytes(std::string(150'000, 'x'))) << "there is room";
  leave(std::string(300'000, 'y'));
  run_task(desk_->run_round());
  EXPECT_FALSE(has_bytes(std::string(150'000, 'x')));
  EXPECT_TRUE(has_bytes(std::string(300'000, 'y')));
}

TEST_F(CollectionDeskTest, AReadOnlyRegistryIsOnlyLookedAt) {
  const ReadOnlyMode mode(true);
  make_desk({.read_only = &mode});
  leave("layer");
  world_.clock.advance(101s);
  EXPECT_EQ(desk_->start({}).error().code, ErrorCode::read_only);
  run_task(desk_->run_round());
  EXPECT_EQ(run_by_hand({.is_dry_run = true}).report.blobs, 1U);
  EXPECT_TRUE(has_bytes("layer"));
}

TEST_F(CollectionDeskTest, NothingBeginsAfterAStop) {
  desk_->stop();
  EXPECT_EQ(desk_->start({}).error().code, ErrorCode::overloaded);
}

}  // namespace berth
