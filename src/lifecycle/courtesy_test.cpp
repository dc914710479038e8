#include "lifecycle/courtesy.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

class CourtesyTest : public testing::Test {
 protected:
  /// How long it rested after a piece of `worked`, during which requests took `taken`.
  std::chrono::nanoseconds rest_after(Courtesy& courtesy, std::chrono::microseconds worked,
                                      std::chrono::nanoseconds taken, const std::function<bool()>& should_stop = {}) {
    courtesy.begin();
    clock_.advance(worked);
    taken_ += taken;
    const auto before = std::chrono::steady_clock::now();
    run_task(courtesy.rest(should_stop));
    return std::chrono::steady_clock::now() - before;
  }
  Courtesy make(int percent) {
    return {clock_, {.request_time = [this] { return taken_; }, .percent = percent}};
  }

  ManualClock clock_;
  std::chrono::nanoseconds taken_{1h};
};

}  // namespace

TEST_F(CourtesyTest, RestsInProportionWhileThereAreRequests) {
  Courtesy courtesy = make(20);
  EXPECT_GE(rest_after(courtesy, 10ms, 5ms), 40ms);
  EXPECT_TRUE(courtesy.is_busy());
}

TEST_F(CourtesyTest, DoesNotRestForProbesOrForNobody) {
  Courtesy courtesy = make(1);
  EXPECT_LT(rest_after(courtesy, 1h, 1min), 1s) << "an hour's piece would ask for two seconds";
  EXPECT_FALSE(courtesy.is_busy());
  EXPECT_LT(rest_after(courtesy, 1h, 0ns), 1s);
  rest_after(courtesy, 1ms, 1ms);
  EXPECT_TRUE(courtesy.is_busy());
  EXPECT_LT(rest_after(courtesy, 1h, 0ns), 1s);
  EXPECT_FALSE(courtesy.is_busy()) << "they have ended";
}

TEST_F(CourtesyTest, EndsItsRestWhenItIsToStop) {
  Courtesy courtesy = make(1);
  EXPECT_LT(rest_after(courtesy, 1h, 1h, [] { return true; }), 1s);
}

TEST_F(CourtesyTest, IsOffWithAllOfTheTimeAndWithoutAMeasure) {
  Courtesy all = make(100);
  EXPECT_LT(rest_after(all, 1h, 1h), 1s);
  EXPECT_FALSE(all.is_busy());
  Courtesy blind(clock_, {.percent = 1});
  EXPECT_LT(rest_after(blind, 1h, 1h), 1s);
}

}  // namespace berth
