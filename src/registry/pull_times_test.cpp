#include "registry/pull_times.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

/// Counts what is written, and fails as long as it is told to.
class WatchedRetentionStore final : public RetentionStore {
 public:
  explicit WatchedRetentionStore(RetentionStore& inner) : inner_(inner) {}

  Task<std::optional<std::vector<HeldManifest>>> held_manifests(RepositoryName repository, std::size_t limit) override {
    return inner_.held_manifests(std::move(repository), limit);
  }
  Task<DeletedContents> delete_unchanged(DeleteUnchanged request) override {
    return inner_.delete_unchanged(std::move(request));
  }
  Task<> put_plan(RetentionPlanRecord plan, std::size_t keep) override {
    return inner_.put_plan(std::move(plan), keep);
  }
  Task<std::optional<RetentionPlanRecord>> find_plan(std::string id) override {
    return inner_.find_plan(std::move(id));
  }
  Task<> record_pulls(std::vector<PulledManifest> pulls) override {
    if (is_broken) throw std::runtime_error("the disk");
    ++commits;
    written += pulls.size();
    co_await inner_.record_pulls(std::move(pulls));
  }

  bool is_broken = false;
  int commits = 0;
  std::size_t written = 0;

 private:
  RetentionStore& inner_;
};

class PullTimesTest : public testing::Test {
 protected:
  PullTimesTest() {
    image_ = world_.image("app", "content");
    EXPECT_TRUE(world_.put("app", tag("v1"), image_));
  }

  void pull(PullTimes& times) { times.mark(repository("app"), sha256_of(image_))->touch(); }
  std::optional<WallTime> last_pulled() {
    return run_task(world_.metadata.held_manifests(repository("app"), 100)).value().at(0).last_pulled;
  }

  RegistryInMemory world_;
  Metrics metrics_;
  WatchedRetentionStore store_{world_.metadata};
  std::string image_;
};

TEST_F(PullTimesTest, APullIsWrittenWithTheTimeOfTheWriting) {
  PullTimes times(store_, world_.clock, metrics_);
  pull(times);
  EXPECT_EQ(last_pulled(), std::nullopt);
  world_.clock.advance(1h);
  run_task(times.flush());
  EXPECT_EQ(last_pulled(), world_.clock.now());
  run_task(times.flush());
  EXPECT_EQ(store_.written, 1U) << "what was not pulled since is not written again";
}

TEST_F(PullTimesTest, ManyPullsAreOneWrite) {
  PullTimes times(store_, world_.clock, metrics_);
  const std::shared_ptr<PullMark> kept = times.mark(repository("app"), sha256_of(image_));
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 1000; ++i) kept->touch();
    pull(times);
    run_task(times.flush());
    EXPECT_EQ(store_.written, static_cast<std::size_t>(round)) << "who keeps the mark is seen again";
  }
}

TEST_F(PullTimesTest, AMarkThatOnlyLooksIsNoPull) {
  PullTimes times(store_, world_.clock, metrics_);
  times.mark(repository("app"), sha256_of(image_));
  run_task(times.flush());
  EXPECT_EQ(store_.written, 0U);
  EXPECT_NE(metrics_.render().find("berth_pull_times_marks 0"), std::string::npos) << "and is not kept";
}

TEST_F(PullTimesTest, WhatCouldNotBeWrittenIsWrittenTheNextTime) {
  PullTimes times(store_, world_.clock, metrics_);
  pull(times);
  store_.is_broken = true;
  EXPECT_THROW(run_task(times.flush()), std::runtime_error);
  store_.is_broken = false;
  run_task(times.flush());
  EXPECT_EQ(last_pulled(), world_.clock.now());
}

TEST_F(PullTimesTest, IsHeldToALimitAndAsksToBeWrittenEarly) {
  PullTimes times(store_, world_.clock, metrics_, {.mark_limit = 10, .batch_size = 3});
  int wakes = 0;
  times.set_waker([&wakes] { ++wakes; });
  for (int i = 0; i < 12; ++i) {
    const auto mark = times.mark(repository("app"), sha256_of(std::to_string(i)));
    EXPECT_EQ(mark != nullptr, i < 10) << i;
    if (mark) mark->touch();
  }
  EXPECT_EQ(wakes, 1);
  EXPECT_NE(metrics_.render().find("berth_pull_times_dropped_total 2"), std::string::npos);
  run_task(times.flush());
  EXPECT_EQ(store_.written, 10U);
  EXPECT_EQ(store_.commits, 4);
  EXPECT_TRUE(times.mark(repository("app"), sha256_of("12")));
}

}  // namespace
}  // namespace berth
