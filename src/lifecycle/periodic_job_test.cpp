#include "lifecycle/periodic_job.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>

namespace berth {
namespace {

using namespace std::chrono_literals;

struct Rounds {
  int count = 0;
  PeriodicJob* job = nullptr;
};

Task<> fail_every_second_of_five(Rounds& rounds) {
  if (++rounds.count == 5) rounds.job->stop();
  if (rounds.count % 2 == 0) throw std::runtime_error("broken");
  co_return;
}

Task<> wake_twice(Rounds& rounds) {
  if (++rounds.count == 3) {
    rounds.job->stop();
  } else {
    rounds.job->wake();
  }
  co_return;
}

TEST(PeriodicJob, ComesRoundUntilStoppedAndSurvivesFailures) {
  boost::asio::io_context loop(1);
  const auto log = make_silent_log();
  Rounds rounds;
  PeriodicJob job(
      loop.get_executor(), {.name = "test", .interval = 1ms, .retry_after = 1ms},
      [&rounds] { return fail_every_second_of_five(rounds); }, *log);
  rounds.job = &job;
  loop.run();
  EXPECT_EQ(rounds.count, 5);
}

TEST(PeriodicJob, WakesBeforeItsTime) {
  boost::asio::io_context loop(1);
  const auto log = make_silent_log();
  Rounds rounds;
  PeriodicJob job(
      loop.get_executor(), {.name = "test", .interval = 1h}, [&rounds] { return wake_twice(rounds); }, *log);
  rounds.job = &job;
  loop.run();
  EXPECT_EQ(rounds.count, 3);
}

}  // namespace
}  // namespace berth
