#include "lifecycle/scrub_desk.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

class ScrubDeskTest : public testing::Test {
 protected:
  ScrubDeskTest() { make_desk({.bytes_per_second = 0, .interval = 100s}); }

  void make_desk(ScrubDeskOptions options) {
    desk_ = std::make_unique<ScrubDesk>(loop_.get_executor(), scrubber_, world_.clock, *world_.log, metrics_, job_,
                                        options);
  }

  /// Lets everything on the loop come to its end.
  void run() {
    loop_.restart();
    loop_.run();
  }
  ScrubView check(ScrubOrder order = {}) {
    const std::uint64_t number = desk_->start(order).value();
    run();
    return desk_->look(number, 0).value();
  }
  void damage(const std::string& content) {
    run_task(world_.storage.blobs().put(sha256_of(content), SharedBytes(std::string("rot"))));
  }
  bool has_line(const std::string& line) { return metrics_.render().find(line) != std::string::npos; }
  std::optional<BlobState> state(const std::string& content) {
    return run_task(world_.metadata.blob_state(sha256_of(content)));
  }

  RegistryInMemory world_;
  ReadOnlyMode read_only_{false};
  Metrics metrics_;
  JobBook jobs_{world_.metadata, world_.clock, metrics_};
  Job& job_{jobs_.add("scrub", "bytes")};
  boost::asio::io_context loop_{1};
  Scrubber scrubber_{{.blobs = world_.storage.blobs(),
                      .files = world_.storage.files(),
                      .metadata = world_.metadata,
                      .scrub = world_.metadata,
                      .digest_locks = world_.digest_locks,
                      .disk = world_.disk,
                      .clock = world_.clock,
                      .log = *world_.log},
                     {}};
  std::unique_ptr<ScrubDesk> desk_;
};

}  // namespace

TEST_F(ScrubDeskTest, ARoundChecksWhatWasNotCheckedForLong) {
  world_.push("a", "old");
  world_.clock.advance(101s);
  world_.push("a", "young");
  damage("old");
  damage("young");
  run_task(desk_->run_round());
  EXPECT_EQ(state("old"), BlobState::missing);
  EXPECT_EQ(state("young"), BlobState::present) << "its turn comes";
  EXPECT_TRUE(has_line("berth_scrub_blobs_total 1"));
  EXPECT_TRUE(has_line("berth_scrub_findings_total{kind=\"damaged\"} 1"));
  EXPECT_EQ(jobs_.find("scrub").value().result, "checked 1 blobs (3 bytes), found 1, mended 0");
}

TEST_F(ScrubDeskTest, ACheckByHandIsSeenByWhoeverWatches) {
  for (int i = 0; i < 5; ++i) world_.push("a", "content " + std::to_string(i));
  for (int i = 0; i < 3; ++i) damage("content " + std::to_string(i));
  const std::uint64_t number = desk_->start({}).value();
  EXPECT_TRUE(desk_->look(number, 0).value().is_running);
  EXPECT_EQ(desk_->start({}).error().code, ErrorCode::overloaded) << "one at a time";
  EXPECT_FALSE(desk_->look(number + 1, 0));
  run();
  const ScrubView view = desk_->look(number, 0).value();
  EXPECT_FALSE(view.is_running);
  EXPECT_EQ(view.failure, "");
  EXPECT_EQ(view.report.blobs, 5U);
  EXPECT_EQ(view.report.blobs_total, 5U);
  EXPECT_EQ(view.report.standing, 3U);
  EXPECT_EQ(view.findings.size(), 3U);
  EXPECT_EQ(desk_->look(number, 2).value().findings.size(), 1U);
  EXPECT_EQ(desk_->look(number, 2).value().first, 2U);
  EXPECT_GT(check().run, number);
}

TEST_F(ScrubDeskTest, KeepsSoManyFindingsAndCountsAll) {
  make_desk({.finding_limit = 2});
  for (int i = 0; i < 5; ++i) world_.push("a", "content " + std::to_string(i));
  for (int i = 0; i < 5; ++i) damage("content " + std::to_string(i));
  const ScrubView view = check();
  EXPECT_EQ(view.findings.size(), 2U);
  EXPECT_EQ(view.report.standing, 5U);
}

TEST_F(ScrubDeskTest, RepairsNothingWhileTheRegistryIsReadOnly) {
  make_desk({.read_only = &read_only_});
  read_only_.switch_to(true);
  EXPECT_EQ(desk_->start({.is_repair = true}).error().code, ErrorCode::read_only);
  EXPECT_TRUE(desk_->start({})) << "looking is allowed";
  run();
}

TEST_F(ScrubDeskTest, EndsWhereItIsWhenStopped) {
  for (int i = 0; i < 5; ++i) world_.push("a", "content " + std::to_string(i));
  const std::uint64_t number = desk_->start({}).value();
  desk_->stop();
  run();
  const ScrubView view = desk_->look(number, 0).value();
  EXPECT_FALSE(view.is_running);
  EXPECT_EQ(view.failure, "the server is stopping");
  EXPECT_EQ(desk_->start({}).error().code, ErrorCode::overloaded);
  run_task(desk_->run_round());
  EXPECT_FALSE(has_line("berth_scrub_blobs_total 5"));
}

}  // namespace berth
