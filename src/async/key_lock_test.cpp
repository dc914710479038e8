#include "async/key_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>
#include <vector>

#include "async/run_blocking.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

TEST(KeyLock, IsFreeAgainWhenTheGuardGoes) {
  KeyLock lock;
  {
    const auto guard = lock.try_acquire("a");
    EXPECT_TRUE(guard);
    EXPECT_FALSE(lock.try_acquire("a"));
    EXPECT_TRUE(lock.try_acquire("b"));
  }
  EXPECT_TRUE(lock.try_acquire("a"));
  EXPECT_EQ(lock.held_count(), 0U);
}

Task<> add_under_lock(KeyLock& lock, BlockingPool& pool, int& unguarded_total) {
  for (int i = 0; i < 50; ++i) {
    const auto guard = co_await lock.acquire("k", 10s);
    const int before = unguarded_total;
    co_await run_blocking(pool, [] {});
    unguarded_total = before + 1;
  }
}

TEST(KeyLock, ExcludesTasksOfSeveralLoopsOverAwaits) {
  KeyLock lock;
  BlockingPool pool("test", 2, 1000);
  int total = 0;
  std::vector<std::unique_ptr<boost::asio::io_context>> loops;
  for (int i = 0; i < 3; ++i) loops.push_back(std::make_unique<boost::asio::io_context>(1));
  for (int i = 0; i < 12; ++i) {
    boost::asio::co_spawn(*loops[static_cast<std::size_t>(i % 3)], add_under_lock(lock, pool, total),
                          boost::asio::detached);
  }
  std::vector<std::thread> threads;
  for (auto& loop : loops) threads.emplace_back([&loop] { loop->run(); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, 600);
  EXPECT_EQ(lock.held_count(), 0U);
}

Task<> wait_in_vain(KeyLock& lock, bool& timed_out) {
  try {
    const auto guard = co_await lock.acquire("k", 20ms);
  } catch (const Failure& failure) {
    timed_out = failure.kind() == FailureKind::overloaded;
  }
}

TEST(KeyLock, GivesUpAtItsDeadlineAndLeavesTheLockUsable) {
  KeyLock lock;
  boost::asio::io_context loop(1);
  bool timed_out = false;
  {
    const auto guard = lock.try_acquire("k");
    boost::asio::co_spawn(loop, wait_in_vain(lock, timed_out), boost::asio::detached);
    loop.run();
  }
  EXPECT_TRUE(timed_out);
  EXPECT_TRUE(lock.try_acquire("k"));
}

Task<> expect_value_and_exception(BlockingPool& pool, bool& done) {
  const int value = co_await run_blocking(pool, [] { return 42; });
  EXPECT_EQ(value, 42);
  bool thrown = false;
  try {
    co_await run_blocking(pool, []() -> int { throw Failure(FailureKind::storage, "x"); });
  } catch (const Failure&) {
    thrown = true;
  }
  EXPECT_TRUE(thrown);
  done = true;
}

TEST(RunBlocking, BringsBackValuesAndExceptions) {
  BlockingPool pool("test", 1, 4);
  boost::asio::io_context loop(1);
  bool done = false;
  boost::asio::co_spawn(loop, expect_value_and_exception(pool, done), boost::asio::detached);
  loop.run();
  EXPECT_TRUE(done);
}

Task<> expect_overload(BlockingPool& pool, bool& refused) {
  try {
    co_await run_blocking(pool, [] {});
  } catch (const Failure& failure) {
    refused = failure.kind() == FailureKind::overloaded;
  }
}

TEST(RunBlocking, RefusesWhenTheQueueIsFull) {
  BlockingPool pool("test", 0, 0);
  boost::asio::io_context loop(1);
  bool refused = false;
  boost::asio::co_spawn(loop, expect_overload(pool, refused), boost::asio::detached);
  loop.run();
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace berth
