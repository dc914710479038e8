#include "metadata/sqlite/write_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <memory>
#include <string>
#include <vector>

#include "metadata/sqlite/schema.h"
#include "metadata/sqlite/store_fixture.h"

namespace berth {
namespace {

class SqliteWriteQueue : public SqliteStoreTest {
 protected:
  sqlite::ConnectionOptions connection_options() { return {.path = path()}; }

  SqliteWriteQueue() {
    sqlite::Connection connection(connection_options(), sqlite::Access::write);
    sqlite::prepare_schema(connection, path());
    checkpointer_ = std::make_unique<sqlite::Checkpointer>(connection_options(), 64U << 20, std::chrono::milliseconds(500),
                                                           write_gate_, read_gate_);
  }

  std::unique_ptr<sqlite::WriteQueue> make_queue(sqlite::WriteQueueLimits limits) {
    return std::make_unique<sqlite::WriteQueue>(connection_options(), limits, write_gate_, *checkpointer_);
  }

  std::vector<std::string> settings() {
    return sqlite::Connection(connection_options(), sqlite::Access::write)
        .read_values("SELECT name FROM setting ORDER BY name");
  }

  sqlite::Gate write_gate_;
  sqlite::Gate read_gate_;
  std::unique_ptr<sqlite::Checkpointer> checkpointer_;
};

struct Put {
  std::string name;
  bool is_failing = false;
  void operator()(sqlite::Connection& connection) const {
    connection.change(sqlite::Statement::write_setting, name, name);
    if (is_failing) throw Failure(FailureKind::internal, name);
  }
};

Task<> put(sqlite::WriteQueue& queue, Put work, std::vector<std::string>& answers, std::uint64_t size_bytes = 0) {
  std::string answer = work.name;
  try {
    co_await queue.run(size_bytes, work);
  } catch (const Failure& failure) {
    answer = failure.kind() == FailureKind::overloaded ? "overloaded" : std::string("failed ") + failure.what();
  }
  answers.push_back(std::move(answer));
}

/// Submits all of the tasks while the writer is held, then lets it go and waits for them.
void run_gathered(sqlite::Gate& gate, std::vector<Task<>> tasks) {
  boost::asio::io_context loop(1);
  {
    const sqlite::Gate::Closed held(gate);
    for (Task<>& task : tasks) boost::asio::co_spawn(loop, std::move(task), boost::asio::detached);
    loop.poll();
  }
  loop.restart();
  loop.run();
}

}  // namespace

TEST_F(SqliteWriteQueue, WhatGathersSharesACommitAndOneFailureUndoesOnlyItself) {
  const auto queue = make_queue({});
  std::vector<std::string> answers;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(put(*queue, {fmt::format("s{:02}", i), i == 7}, answers));
  run_gathered(write_gate_, std::move(tasks));
  EXPECT_EQ(answers.size(), 50U);
  EXPECT_EQ(std::ranges::count(answers, "failed s07"), 1);
  EXPECT_EQ(queue->request_count(), 50U);
  // The first ones may have been taken before the others came.
  EXPECT_LE(queue->commit_count(), 2U);
  const std::vector<std::string> stored = settings();
  EXPECT_EQ(stored.size(), 49U);
  EXPECT_EQ(std::ranges::count(stored, "s07"), 0);
}

TEST_F(SqliteWriteQueue, AFullQueueRefusesAtOnceAndGoesOn) {
  const auto queue = make_queue({.queued_requests = 3});
  std::vector<std::string> answers;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(put(*queue, {fmt::format("s{}", i)}, answers));
  run_gathered(write_gate_, std::move(tasks));
  EXPECT_EQ(answers.size(), 20U);
  const auto refused = static_cast<std::size_t>(std::ranges::count(answers, "overloaded"));
  EXPECT_GE(refused, 14U) << "at most three stood at the gate and three waited";
  EXPECT_EQ(answers.front(), "overloaded") << "refused ones do not wait";
  EXPECT_EQ(settings().size(), 20U - refused);
  run_task(put(*queue, {"again"}, answers));
  EXPECT_EQ(answers.back(), "again");
}

TEST_F(SqliteWriteQueue, AGroupEndsAtItsLimits) {
  const auto queue = make_queue({.queued_requests = 100, .group_requests = 10});
  std::vector<std::string> answers;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 40; ++i) tasks.push_back(put(*queue, {fmt::format("s{}", i)}, answers));
  run_gathered(write_gate_, std::move(tasks));
  EXPECT_EQ(answers.size(), 40U);
  EXPECT_GE(queue->commit_count(), 4U);
  EXPECT_LE(queue->commit_count(), 5U);
}

TEST_F(SqliteWriteQueue, AGroupEndsWithTheRequestThatReachesItsBytes) {
  const auto queue = make_queue({.queued_requests = 100, .group_requests = 100, .group_bytes = 1'000});
  std::vector<std::string> answers;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 9; ++i) tasks.push_back(put(*queue, {fmt::format("s{}", i)}, answers, 400));
  run_gathered(write_gate_, std::move(tasks));
  EXPECT_EQ(answers.size(), 9U);
  EXPECT_GE(queue->commit_count(), 3U);
}

TEST_F(SqliteWriteQueue, ItsEndRunsWhatIsQueued) {
  std::vector<std::string> answers;
  boost::asio::io_context loop(1);
  auto queue = make_queue({});
  {
    const sqlite::Gate::Closed held(write_gate_);
    for (int i = 0; i < 5; ++i) {
      boost::asio::co_spawn(loop, put(*queue, {fmt::format("s{}", i)}, answers), boost::asio::detached);
    }
    loop.poll();
  }
  queue.reset();
  loop.run();
  EXPECT_EQ(answers.size(), 5U);
  EXPECT_EQ(settings().size(), 5U);
}

}  // namespace berth
