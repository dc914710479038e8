// Answers that were prepared beforehand, over HTTP/2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "http/http2_connection.h"
#include "http/http2_test_client.h"

namespace berth::http {
namespace {

/// One connection of a server that has a QuickHandler, on a loop of its own.
class Http2Quick : public ::testing::Test {
 protected:
  void SetUp() override {
    auto answer = std::make_shared<PreparedAnswer>();
    answer->fields.add("Content-Type", "text/prepared");
    answer->fields.add("Docker-Content-Digest", "sha256:0");
    answer->fields.add("Content-Length", "8");
    answer->body = SharedBytes("prepared");
    prepared_ = answer;
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    Socket socket(loop_.context(), boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
    boost::asio::co_spawn(loop_.context(),
                          serve_http2(server_, loop_, make_plain_stream(std::move(socket)), {"peer", true}, {}),
                          boost::asio::detached);
    thread_ = std::thread([this] { loop_.context().run(); });
    client_.emplace(RawClient(UniqueFd(ends[0])));
  }
  void TearDown() override {
    client_.reset();
    for (int i = 0; i < 2000 && is_served(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(is_served());
    guard_.reset();
    loop_.context().stop();
    thread_.join();
  }

  QuickAnswer answer_quickly(const RequestView& request) {
    ++asked_;
    EXPECT_EQ(request.host, "h");
    EXPECT_EQ(request.peer_address, "peer");
    EXPECT_TRUE(request.is_tls);
    if (request.find("Authorization") != "let me in") return {};
    if (request.target != "/v2/x?y") return {};
    return {prepared_, std::make_shared<const std::string>("ann")};
  }
  bool is_served() {
    std::promise<std::size_t> count;
    boost::asio::post(loop_.context(), [&] { count.set_value(loop_.member_count()); });
    return count.get_future().get() > 0;
  }
  std::vector<AccessRecord> records() {
    const std::lock_guard lock(site_.mutex);
    return site_.records;
  }

  const Http2FieldList let_in_ = {{"authorization", "let me in"}};
  TestSite site_;
  std::unique_ptr<Log> log_ = make_silent_log();
  Metrics metrics_;
  ServerContext server_{{},
                        [this](Request& request) { return handle(site_, request); },
                        [this](const RequestView& request) { return answer_quickly(request); },
                        [this](const AccessRecord& record) {
                          const std::lock_guard lock(site_.mutex);
                          site_.records.push_back(record);
                        },
                        *log_,
                        metrics_};
  Loop loop_{server_.entropy, server_.metrics};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{loop_.context().get_executor()};
  std::thread thread_;
  std::optional<Http2Client> client_;
  std::shared_ptr<const PreparedAnswer> prepared_;
  std::atomic<int> asked_{0};
};

TEST_F(Http2Quick, AnswersWithoutTheHandler) {
  const Http2ClientAnswer answer = client_->ask("/v2/x?y", let_in_);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "prepared");
  EXPECT_TRUE(answer.is_whole);
  EXPECT_EQ(answer.field("content-type"), "text/prepared");
  EXPECT_EQ(answer.field("docker-content-digest"), "sha256:0");
  EXPECT_EQ(answer.field("content-length"), "8");
  EXPECT_EQ(answer.field("x-request-id").size(), 36U);
  EXPECT_NE(answer.field("date"), "(none)");
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http2Quick, SendsTheHeadAloneToHead) {
  const Http2ClientAnswer answer = client_->receive(client_->start("HEAD", "/v2/x?y", let_in_));
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(answer.is_whole);
  EXPECT_EQ(answer.field("content-length"), "8");
}

TEST_F(Http2Quick, RecordsThem) {
  client_->ask("/v2/x?y", {{"authorization", "let me in"}, {"user-agent", "tester"}});
  for (int i = 0; i < 2000 && records().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_EQ(records().size(), 1U);
  const AccessRecord record = records()[0];
  EXPECT_EQ(record.user, "ann");
  EXPECT_EQ(record.user_agent, "tester");
  EXPECT_EQ(record.status, 200U);
  EXPECT_EQ(record.target, "/v2/x?y");
  EXPECT_EQ(record.body_bytes, 8U);
  EXPECT_EQ(record.http_major, 2U);
  EXPECT_TRUE(record.is_complete);
}

TEST_F(Http2Quick, LeavesTheRestToTheHandler) {
  EXPECT_EQ(client_->ask("/other", let_in_).body, "hello");
  EXPECT_EQ(client_->ask("/v2/x?y").body, "hello");
  EXPECT_EQ(asked_, 2);
  // Not even asked: what an answer for everybody cannot heed.
  Http2FieldList ranged = let_in_;
  ranged.emplace_back("range", "bytes=0-1");
  EXPECT_EQ(client_->ask("/v2/x?y", ranged).body, "hello");
  EXPECT_EQ(client_->post("/v2/x?y", "body", let_in_).body, "hello");
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(site_.calls, 4);
}

TEST_F(Http2Quick, AnswersManyAtOnce) {
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(client_->get("/v2/x?y", let_in_));
  for (const std::int32_t id : ids) EXPECT_EQ(client_->receive(id).body, "prepared");
}

}  // namespace
}  // namespace berth::http
