#include "async/when_both.h"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <stdexcept>

#include "async/run_blocking.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

Task<> work(BlockingPool& pool, bool& done) {
  co_await run_blocking(pool, [&done] { done = true; });
}

Task<int> answer(BlockingPool& pool) { co_return co_await run_blocking(pool, [] { return 42; }); }

Task<int> fail() {
  throw std::runtime_error("broken");
  co_return 0;
}

Task<> sleep_long() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

TEST(WhenBoth, WaitsForBothAndGivesTheSecondsValue) {
  BlockingPool pool("test", 2, 10);
  bool done = false;
  EXPECT_EQ(run_task(when_both(work(pool, done), answer(pool))), 42);
  EXPECT_TRUE(done);
}

TEST(WhenBoth, CancelsTheOtherWhenOneThrows) {
  EXPECT_THROW(run_task(when_both(sleep_long(), fail())), std::runtime_error);
}

TEST(WhenBoth, WaitsForBlockingWorkWhenTheOtherThrows) {
  BlockingPool pool("test", 2, 10);
  bool done = false;
  EXPECT_THROW(run_task(when_both(work(pool, done), fail())), std::runtime_error);
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace berth
