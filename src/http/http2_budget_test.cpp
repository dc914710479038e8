#include "http/http2_budget.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using namespace std::chrono_literals;

Http2Limits small_limits() {
  Http2Limits limits;
  limits.reset_burst = 30;
  limits.ping_burst = 10;
  limits.settings_burst = 5;
  limits.idle_frame_burst = 20;
  return limits;
}

std::size_t spend_all(FrameBudget& budget, FrameKind kind, LoopTime now) {
  std::size_t count = 0;
  while (budget.spend(kind, now)) ++count;
  return count;
}

TEST(FrameBudget, AllowsABurstOfEachKind) {
  const LoopTime now;
  FrameBudget budget(small_limits(), now);
  EXPECT_EQ(spend_all(budget, FrameKind::reset, now), 30U);
  EXPECT_EQ(spend_all(budget, FrameKind::ping, now), 10U);
  EXPECT_EQ(spend_all(budget, FrameKind::settings, now), 5U);
  EXPECT_EQ(spend_all(budget, FrameKind::idle, now), 20U);
}

TEST(FrameBudget, FillsUpWithinThirtySeconds) {
  LoopTime now;
  FrameBudget budget(small_limits(), now);
  spend_all(budget, FrameKind::reset, now);
  now += 10s;
  EXPECT_EQ(spend_all(budget, FrameKind::reset, now), 10U);
  now += 1h;
  EXPECT_EQ(spend_all(budget, FrameKind::reset, now), 30U);
}

TEST(FrameBudget, GivesNoMoreThanABurstAfterALongTime) {
  LoopTime now;
  FrameBudget budget(small_limits(), now);
  now += 1h;
  EXPECT_EQ(spend_all(budget, FrameKind::reset, now), 30U);
}

TEST(FrameBudget, LetsAnHonestRateGoOnForGood) {
  LoopTime now;
  FrameBudget budget(small_limits(), now);
  for (int i = 0; i < 1000; ++i) {
    now += 1s;
    ASSERT_TRUE(budget.spend(FrameKind::reset, now));
  }
}

TEST(FrameBudget, AllowsWhatAnswersCallFor) {
  const LoopTime now;
  FrameBudget budget(small_limits(), now);
  spend_all(budget, FrameKind::idle, now);
  budget.allow_idle_frames(7);
  EXPECT_EQ(spend_all(budget, FrameKind::idle, now), 7U);
  budget.allow_idle_frames(1000);
  EXPECT_EQ(spend_all(budget, FrameKind::idle, now), 20U);
}

}  // namespace
}  // namespace berth::http
