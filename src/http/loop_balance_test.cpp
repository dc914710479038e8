#include "http/loop_balance.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace berth::http {
namespace {

using namespace std::chrono_literals;

/// Loops that all look every 100 ms, on a machine with so many cores to spare.
class Gathering : public ::testing::Test {
 protected:
  void make(std::size_t loop_count) {
    balance_ = std::make_unique<GatheringBalance>(loop_count, [this] { return idle_; });
    look(std::vector<double>(loop_count, 0.1));  // what is idle is known from the second look on
    pass(GatheringBalance::kHold);
  }

  /// What each says, in order; "" if nothing moves, else "all to 0" or "half to 1".
  std::vector<std::string> look(const std::vector<double>& busy) {
    pass(100ms);
    std::vector<std::string> said;
    for (std::size_t i = 0; i < busy.size(); ++i) {
      const std::optional<LoopMove> move = balance_->look(i, busy[i], now_);
      said.push_back(!move ? "" : (move->is_half ? "half to " : "all to ") + std::to_string(move->to));
    }
    return said;
  }

  void pass(std::chrono::duration<double> time) {
    now_ += std::chrono::duration_cast<LoopBalance::Time::duration>(time);
    if (idle_) *idle_ += time * spare_;
  }

  using Said = std::vector<std::string>;
  std::unique_ptr<LoopBalance> balance_;
  LoopBalance::Time now_{1h};
  std::optional<std::chrono::duration<double>> idle_ = 0s;
  double spare_ = 4;
};

TEST_F(Gathering, GathersWhatIsLittle) {
  make(2);
  EXPECT_EQ(look({0.25, 0.3}), (Said{"", "all to 0"}));
  EXPECT_EQ(look({0.45, 0.0}), (Said{"", ""}));
}

TEST_F(Gathering, LeavesWhatIsMuchWhereItIs) {
  make(2);
  EXPECT_EQ(look({0.45, 0.4}), (Said{"", ""}));
  EXPECT_EQ(look({0.8, 0.8}), (Said{"", ""}));
}

TEST_F(Gathering, GathersMoreWhereNoCoreIsToSpare) {
  spare_ = 0.3;
  make(2);
  EXPECT_EQ(look({0.5, 0.55}), (Said{"", "all to 0"}));
  EXPECT_EQ(look({0.7, 0.65}), (Said{"", ""}));
}

TEST_F(Gathering, LeavesNextToNothingAlone) {
  make(2);
  EXPECT_EQ(look({0.5, 0.04}), (Said{"", ""}));
}

TEST_F(Gathering, FillsTheBusiestThatHasRoomAndOnlyOnceALook) {
  make(4);
  EXPECT_EQ(look({0.1, 0.3, 0.2, 0.2}), (Said{"", "all to 0", "", "all to 2"}));
}

TEST_F(Gathering, SpreadsWhatIsTooMuchWhereCoresStandIdle) {
  make(3);
  EXPECT_EQ(look({0.97, 0.3, 0.1}), (Said{"", "", "all to 1"}));
  EXPECT_EQ(look({0.97, 0.4, 0.0}), (Said{"", "", ""}));
  EXPECT_EQ(look({0.97, 0.4, 0.0}), (Said{"half to 2", "", ""}));
  // And does not take it back at once.
  for (int i = 0; i < 40; ++i) EXPECT_EQ(look({0.4, 0.0, 0.1}), (Said{"", "", ""}));
  pass(2s);
  EXPECT_EQ(look({0.4, 0.0, 0.1}), (Said{"", "", "all to 0"}));
}

TEST_F(Gathering, DoesNotSpreadOverCoresThatOthersUse) {
  spare_ = 0.2;
  make(2);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(look({0.99, 0.0}), (Said{"", ""}));
}

TEST_F(Gathering, DoesNotSpreadForAMoment) {
  make(2);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(look({i % 3 == 2 ? 0.8 : 0.99, 0.0}), (Said{"", ""}));
}

TEST_F(Gathering, SpreadsNothingIfAllAreBusy) {
  make(2);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(look({0.99, 0.95}), (Said{"", ""}));
}

TEST_F(Gathering, SpreadsByDefaultWhereIdleTimeIsUnknown) {
  idle_.reset();
  make(2);
  EXPECT_EQ(look({0.5, 0.55}), (Said{"", ""}));
  look({0.97, 0.0});
  look({0.97, 0.0});
  EXPECT_EQ(look({0.97, 0.0}), (Said{"half to 1", ""}));
}

TEST_F(Gathering, ALoopWithoutConnectionsCountsAsIdle) {
  make(2);
  look({0.97, 0.9});
  balance_->rest(1);
  pass(100ms);
  balance_->look(0, 0.97, now_);
  pass(100ms);
  const auto move = balance_->look(0, 0.97, now_);
  ASSERT_TRUE(move);
  EXPECT_EQ(move->to, 1U);
}

TEST(MachineIdleTime, Grows) {
  const auto first = machine_idle_time();
  ASSERT_TRUE(first);
  EXPECT_GT(first->count(), 0);
  EXPECT_GE(machine_idle_time()->count(), first->count());
}

}  // namespace
}  // namespace berth::http
