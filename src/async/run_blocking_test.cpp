#include "async/run_blocking.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/support/run_task.h"

namespace berth {
namespace {

Task<int> answer_from(BlockingPool& pool, std::thread::id& worker) {
  co_return co_await run_blocking(pool, [&worker] {
    worker = std::this_thread::get_id();
    return 42;
  });
}

Task<> throw_from(BlockingPool& pool) {
  co_await run_blocking(pool, [] { throw std::runtime_error("broken"); });
}

Task<std::unique_ptr<int>> move_only_from(BlockingPool& pool) {
  co_return co_await run_blocking(pool, [] { return std::make_unique<int>(7); });
}

Task<bool> comes_back_to_the_loop(BlockingPool& pool) {
  const std::thread::id before = std::this_thread::get_id();
  co_await run_blocking(pool, [] {});
  co_return before == std::this_thread::get_id();
}

/// A pool of one thread that is held until open() is called.
class HeldPool {
 public:
  explicit HeldPool(std::size_t queue_limit) : pool_("held", 1, queue_limit) {
    std::move_only_function<void()> hold = [this] {
      started_.set_value();
      gate_.get_future().wait();
    };
    EXPECT_TRUE(pool_.try_submit(hold));
    started_.get_future().wait();
  }
  void open() { gate_.set_value(); }
  BlockingPool& pool() { return pool_; }

 private:
  std::promise<void> started_;
  std::promise<void> gate_;
  BlockingPool pool_;  // last: joined first
};

TEST(RunBlocking, RunsOnAThreadOfThePoolAndComesBack) {
  BlockingPool pool("test", 2, 8);
  std::thread::id worker;
  EXPECT_EQ(run_task(answer_from(pool, worker)), 42);
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_TRUE(run_task(comes_back_to_the_loop(pool)));
}

TEST(RunBlocking, CarriesExceptionsAndMoveOnlyValues) {
  BlockingPool pool("test", 1, 8);
  EXPECT_THROW(run_task(throw_from(pool)), std::runtime_error);
  EXPECT_EQ(*run_task(move_only_from(pool)), 7);
}

TEST(RunBlocking, ThrowsOverloadedWhenTheQueueIsFull) {
  HeldPool held(1);
  std::move_only_function<void()> filler = [] {};
  ASSERT_TRUE(held.pool().try_submit(filler));
  std::thread::id worker;
  try {
    run_task(answer_from(held.pool(), worker));
    FAIL() << "the queue had no room";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), FailureKind::overloaded);
    EXPECT_STREQ(failure.what(), "the queue of the held pool is full");
  }
  held.open();
}

TEST(BlockingPool, LeavesARefusedJobAsItWas) {
  std::atomic<int> ran = 0;  // before the pool, whose jobs refer to it
  HeldPool held(1);
  std::move_only_function<void()> first = [&ran] { ran += 1; };
  std::move_only_function<void()> second = [&ran] { ran += 10; };
  EXPECT_TRUE(held.pool().try_submit(first));
  EXPECT_EQ(held.pool().queued(), 1U);
  EXPECT_FALSE(held.pool().try_submit(second));
  ASSERT_TRUE(second);
  second();
  EXPECT_EQ(ran, 10);
  held.open();
}

TEST(BlockingPool, RunsWhatIsQueuedBeforeItGoes) {
  std::atomic<int> ran = 0;
  {
    BlockingPool pool("test", 2, 1000);
    for (int i = 0; i < 1000; ++i) {
      std::move_only_function<void()> job = [&ran] { ++ran; };
      ASSERT_TRUE(pool.try_submit(job));
    }
  }
  EXPECT_EQ(ran, 1000);
}

Task<> count_up(BlockingPool& pool, int rounds, int& counter) {
  for (int i = 0; i < rounds; ++i) {
    const int next = co_await run_blocking(pool, [value = counter] { return value + 1; });
    counter = next;
  }
}

TEST(RunBlocking, HoldsManyTasksOfOneLoopApart) {
  BlockingPool pool("test", 3, 64);
  boost::asio::io_context loop(1);
  std::array<int, 16> counters = {};
  for (int& counter : counters) boost::asio::co_spawn(loop, count_up(pool, 100, counter), boost::asio::detached);
  loop.run();
  for (const int counter : counters) EXPECT_EQ(counter, 100);
}

}  // namespace
}  // namespace berth
