#include "async/parker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace berth {
namespace {

TEST(Parker, AWakeUpThatCameBeforeIsNotLostAndCountsOnce) {
  Parker parker;
  parker.unpark();
  parker.unpark();
  parker.park();
  std::atomic<bool> is_awake = false;
  std::thread sleeper([&] {
    parker.park();
    is_awake = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // time to be wrong in
  EXPECT_FALSE(is_awake);
  parker.unpark();
  sleeper.join();
}

TEST(Parker, HandsOverWithoutALock) {
  Parker to_worker;
  Parker to_us;
  int job = 0;
  long sum = 0;
  std::thread worker([&] {
    for (;;) {
      to_worker.park();
      if (job == 0) return;
      sum += job;
      to_us.unpark();
    }
  });
  constexpr int kJobs = 20'000;
  for (int i = 1; i <= kJobs; ++i) {
    job = i;
    to_worker.unpark();
    to_us.park();
  }
  job = 0;
  to_worker.unpark();
  worker.join();
  EXPECT_EQ(sum, long{kJobs} * (kJobs + 1) / 2);
}

}  // namespace
}  // namespace berth
