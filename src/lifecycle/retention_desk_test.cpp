#include "lifecycle/retention_desk.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "lifecycle/retention_store_fixture.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using namespace retention_test;

class RetentionDeskTest : public testing::Test {
 protected:
  RetentionDeskTest() {
    make_desk({});
    registry_.push("app", "one", {"v1", "pr-1", "pr-2"});
    registry_.clock.advance(1h);
  }

  void make_desk(RetentionDeskOptions options) {
    desk_ = std::make_unique<RetentionDesk>(loop_.get_executor(), registry_.engine(), registry_.retention(),
                                            registry_.clock, registry_.log(), job_, options);
    desk_->set_rules(rules_called({"delete tags pr-*"}));
  }
  std::shared_ptr<const RetentionPlan> plan(RetentionOrder order = {.who = "alice"}) {
    return run_task(desk_->plan(std::move(order))).value();
  }
  Result<std::uint64_t> apply(const std::string& id) { return run_task(desk_->apply(id, "alice")); }
  void run() {
    loop_.restart();
    loop_.run();
  }
  JobRecord job() { return book_.find("retention").value(); }

  RetainedRegistry registry_{memory_store()};
  MemoryMetadataStore rows_;
  JobBook book_{rows_, registry_.clock, registry_.metrics};
  Job& job_{book_.add("retention", "deletions")};
  boost::asio::io_context loop_{1};
  std::unique_ptr<RetentionDesk> desk_;
};

TEST_F(RetentionDeskTest, APlanIsAppliedByItsId) {
  const std::string id = plan()->id;
  EXPECT_EQ(registry_.tags("app").size(), 3U) << "a plan changes nothing";
  registry_.clock.advance(1h);
  const std::uint64_t number = apply(id).value();
  EXPECT_TRUE(desk_->look(number).value().is_running);
  EXPECT_EQ(apply(id).error().code, ErrorCode::conflict) << "one at a time";
  run();
  const RetentionView view = desk_->look(number).value();
  EXPECT_FALSE(view.is_running);
  EXPECT_EQ(view.failure, "");
  EXPECT_EQ(view.plan, id);
  EXPECT_EQ(view.deletions, 2U);
  EXPECT_EQ(view.report.deleted_tags, 2U);
  EXPECT_FALSE(desk_->look(number + 1));
  EXPECT_EQ(registry_.tags("app"), std::set<std::string>{"v1"});
  EXPECT_EQ(job().state, JobState::idle);
  EXPECT_EQ(job().done, 2U);
  EXPECT_EQ(job().total, 2U);
  EXPECT_EQ(job().result, "deleted 2 tags and 0 untagged manifests");
  const auto history =
      run_task(registry_.metadata().tag_history(RepositoryName::parse("app").value(), Tag::parse("pr-1").value(), 1));
  EXPECT_EQ(history.at(0).who, "alice");
}

TEST_F(RetentionDeskTest, APlanIsRefusedWhereTheWorldHasChanged) {
  const std::string id = plan()->id;
  registry_.push("app", "two", {"pr-1", "pr-3"});
  const auto refused = apply(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_NE(refused.error().message.find("app:pr-1 names"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("app:pr-3 would be deleted, too"), std::string::npos);
  EXPECT_EQ(registry_.tags("app").size(), 4U);
  const std::string fresh = plan()->id;
  EXPECT_NE(fresh, id);
  EXPECT_TRUE(apply(fresh));
  run();
  EXPECT_EQ(registry_.tags("app"), std::set<std::string>{"v1"});
}

TEST_F(RetentionDeskTest, WhatChangesNoDeletionAndTimeAloneChangeNoPlan) {
  const std::string id = plan()->id;
  registry_.push("app", "two", {"v2"});
  registry_.push("other", "two", {"latest"});
  registry_.clock.advance(24h * 100);
  EXPECT_TRUE(apply(id));
  run();
  EXPECT_EQ(registry_.tags("app"), (std::set<std::string>{"v1", "v2"}));
}

TEST_F(RetentionDeskTest, AnotherProcessAppliesIt) {
  const std::string id = plan({.repository = RepositoryName::parse("app").value(), .who = "alice"})->id;
  make_desk({});
  EXPECT_TRUE(apply(id));
  run();
  EXPECT_EQ(registry_.tags("app").size(), 1U);
}

TEST_F(RetentionDeskTest, APlanOfConfiguredRulesIsHeldToThem) {
  const std::string id = plan()->id;
  desk_->set_rules(rules_called({"delete tags pr-*", "protect tags pr-1"}));
  const auto refused = apply(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_NE(refused.error().message.find("rules are others"), std::string::npos);
}

TEST_F(RetentionDeskTest, RulesThatAreGivenStandInThePlaceOfTheConfigured) {
  const std::string id = plan({.rules = rules_called({"delete tags v*"}), .who = "alice"})->id;
  desk_->set_rules({});
  EXPECT_TRUE(apply(id));
  run();
  EXPECT_EQ(registry_.tags("app"), (std::set<std::string>{"pr-1", "pr-2"}));
}

TEST_F(RetentionDeskTest, WithoutRulesThereIsNoPlan) {
  desk_->set_rules({});
  EXPECT_EQ(run_task(desk_->plan({.who = "alice"})).error().code, ErrorCode::request_invalid);
  EXPECT_EQ(apply("none").error().code, ErrorCode::not_found);
}

TEST_F(RetentionDeskTest, AReadOnlyRegistryMakesPlansAndAppliesNone) {
  const ReadOnlyMode mode(true);
  make_desk({.read_only = &mode});
  EXPECT_EQ(apply(plan()->id).error().code, ErrorCode::read_only);
  run_task(desk_->run_round());
  EXPECT_EQ(registry_.tags("app").size(), 3U);
}

TEST_F(RetentionDeskTest, ARoundDeletesByTheConfiguredRules) {
  run_task(desk_->run_round());
  EXPECT_EQ(registry_.tags("app"), std::set<std::string>{"v1"});
  EXPECT_EQ(job().result, "deleted 2 tags and 0 untagged manifests");
  const auto history =
      run_task(registry_.metadata().tag_history(RepositoryName::parse("app").value(), Tag::parse("pr-1").value(), 1));
  EXPECT_EQ(history.at(0).who, "retention");
}

TEST_F(RetentionDeskTest, ARunThatIsStoppedSaysSo) {
  const std::string id = plan()->id;
  const std::uint64_t number = apply(id).value();
  desk_->stop();
  run();
  EXPECT_EQ(desk_->look(number).value().failure, "the server is stopping");
  EXPECT_EQ(registry_.tags("app").size(), 3U);
  EXPECT_EQ(job().state, JobState::stopped);
  EXPECT_EQ(apply(id).error().code, ErrorCode::overloaded);
}

TEST_F(RetentionDeskTest, OnlyTheLastPlansAreKept) {
  make_desk({.plans_kept = 2});
  std::vector<std::string> ids;
  for (const char* rule : {"delete tags pr-*", "delete tags pr-1", "delete tags pr-2"}) {
    registry_.clock.advance(1s);
    ids.push_back(plan({.rules = rules_called({rule}), .who = "alice"})->id);
  }
  EXPECT_EQ(apply(ids[0]).error().code, ErrorCode::not_found);
  EXPECT_TRUE(apply(ids[1]));
}

}  // namespace
}  // namespace berth
