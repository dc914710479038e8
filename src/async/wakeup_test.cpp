#include "async/wakeup.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace berth {
namespace {

Task<> count_wakes(Wakeup& wakeup, int times, int& count) {
  for (int i = 0; i < times; ++i) {
    co_await wakeup.wait();
    ++count;
  }
}

class WakeupTest : public ::testing::Test {
 protected:
  void start(int times) {
    boost::asio::co_spawn(loop_, count_wakes(wakeup_, times, count_), boost::asio::detached);
    loop_.poll();
  }
  void turn() {
    loop_.restart();
    loop_.poll();
  }

  boost::asio::io_context loop_{1};
  Wakeup wakeup_;
  int count_ = 0;
};

TEST_F(WakeupTest, WakesWhatWaits) {
  start(2);
  EXPECT_TRUE(wakeup_.has_waiter());
  wakeup_.wake();
  EXPECT_EQ(count_, 0);  // never inside the call
  turn();
  EXPECT_EQ(count_, 1);
  wakeup_.wake();
  turn();
  EXPECT_EQ(count_, 2);
}

TEST_F(WakeupTest, KeepsACallThatComesBeforeTheWait) {
  wakeup_.wake();
  wakeup_.wake();
  start(2);
  EXPECT_EQ(count_, 1);
  EXPECT_TRUE(wakeup_.has_waiter());
  wakeup_.wake();
  turn();
  EXPECT_EQ(count_, 2);
}

TEST_F(WakeupTest, TakesSeveralCallsForOne) {
  start(2);
  wakeup_.wake();
  wakeup_.wake();
  turn();
  EXPECT_EQ(count_, 1);
  wakeup_.wake();
  turn();
  EXPECT_EQ(count_, 2);
}

}  // namespace
}  // namespace berth
