#include "storage/filesystem/directory_syncs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <future>
#include <thread>
#include <utility>
#include <vector>

namespace berth {
namespace {

/// A disk whose syncs last until they are let go.
class SlowDisk {
 public:
  std::optional<int> sync(const std::string& path) {
    std::unique_lock lock(mutex_);
    begun_.push_back(path);
    changed_.notify_all();
    changed_.wait(lock, [this] { return allowed_ > 0; });
    --allowed_;
    const std::optional<int> error = std::exchange(next_error_, std::nullopt);
    return error;
  }
  /// Lets `count` syncs end.
  void let_end(int count) {
    const std::scoped_lock lock(mutex_);
    allowed_ += count;
    changed_.notify_all();
  }
  void fail_next(int error) {
    const std::scoped_lock lock(mutex_);
    next_error_ = error;
  }
  void await_begun(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, count] { return begun_.size() >= count; });
  }
  std::size_t begun() {
    const std::scoped_lock lock(mutex_);
    return begun_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> begun_;
  int allowed_ = 0;
  std::optional<int> next_error_;
};

class DirectorySyncsTest : public testing::Test {
 protected:
  std::future<std::optional<int>> start(const std::string& path) {
    return std::async(std::launch::async, [this, path] { return syncs_.sync_blocking(path); });
  }
  void await_callers(std::size_t count) const {
    while (syncs_.caller_count("a") < count) std::this_thread::yield();
  }

  SlowDisk disk_;
  DirectorySyncs syncs_{[this](const std::string& path) { return disk_.sync(path); }};
};

TEST_F(DirectorySyncsTest, ALoneCallerSyncsAtOnce) {
  disk_.let_end(2);
  EXPECT_EQ(syncs_.sync_blocking("a"), std::nullopt);
  EXPECT_EQ(syncs_.sync_blocking("a"), std::nullopt);
  EXPECT_EQ(disk_.begun(), 2U) << "a sync that is over serves nobody who comes later";
}

TEST_F(DirectorySyncsTest, OneSyncServesAllThatCameBeforeItBegan) {
  std::vector<std::future<std::optional<int>>> callers;
  callers.push_back(start("a"));
  disk_.await_begun(1);
  for (int i = 0; i < 5; ++i) callers.push_back(start("a"));
  await_callers(6);
  EXPECT_EQ(disk_.begun(), 1U) << "they wait for the sync that is under way, and then for their own";
  disk_.let_end(1);
  EXPECT_EQ(callers.front().get(), std::nullopt);
  disk_.await_begun(2);
  EXPECT_EQ(syncs_.caller_count("a"), 5U) << "the first sync began before they came";
  disk_.let_end(1);
  for (std::size_t i = 1; i < callers.size(); ++i) EXPECT_EQ(callers[i].get(), std::nullopt);
  EXPECT_EQ(disk_.begun(), 2U);
}

TEST_F(DirectorySyncsTest, DirectoriesDoNotWaitForEachOther) {
  std::future<std::optional<int>> first = start("a");
  disk_.await_begun(1);
  std::future<std::optional<int>> second = start("b");
  disk_.await_begun(2);
  disk_.let_end(2);
  EXPECT_EQ(first.get(), std::nullopt);
  EXPECT_EQ(second.get(), std::nullopt);
}

TEST_F(DirectorySyncsTest, AFailureIsOfAllWhoSharedItAndIsNotTriedAgain) {
  std::future<std::optional<int>> first = start("a");
  disk_.await_begun(1);
  std::vector<std::future<std::optional<int>>> sharers;
  for (int i = 0; i < 3; ++i) sharers.push_back(start("a"));
  await_callers(4);
  disk_.let_end(1);
  EXPECT_EQ(first.get(), std::nullopt) << "its own sync went well";
  disk_.await_begun(2);
  disk_.fail_next(EIO);
  disk_.let_end(1);
  for (std::future<std::optional<int>>& sharer : sharers) EXPECT_EQ(sharer.get(), EIO);
  EXPECT_EQ(disk_.begun(), 2U);
  disk_.let_end(1);
  EXPECT_EQ(syncs_.sync_blocking("a"), std::nullopt) << "the next caller has a sync of its own";
  EXPECT_EQ(disk_.begun(), 3U);
}

TEST_F(DirectorySyncsTest, EachEntryIsCoveredByASyncThatBeganAfterIt) {
  // Counts stand for entries: what a sync saw when it began is durable when it ends.
  std::atomic<int> made = 0;
  std::atomic<int> durable = 0;
  DirectorySyncs syncs([&](const std::string&) -> std::optional<int> {
    const int seen = made;
    std::this_thread::yield();
    int before = durable;
    while (before < seen && !durable.compare_exchange_weak(before, seen)) {
    }
    return std::nullopt;
  });
  std::vector<std::jthread> threads;
  std::atomic<int> uncovered = 0;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const int mine = ++made;
        syncs.sync_blocking("a");
        if (durable < mine) ++uncovered;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(uncovered, 0);
}

}  // namespace
}  // namespace berth
