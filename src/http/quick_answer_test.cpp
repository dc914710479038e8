// Answers prepared beforehand, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <map>
#include <thread>

#include "http/response_head.h"
#include "http/server_test_support.h"

namespace berth::http {
namespace {

using ::testing::HasSubstr;

class QuickServer : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    prepare("/hello", SharedBytes("hello there"));
    prepare("/large", SharedBytes(std::string(300'000, 'x')));
    prepare("/file", FileRegion{counting_file(700'000), 0, 700'000});
  }

  void prepare(const std::string& target, ByteSource body) {
    Response response;
    response.headers.add("Content-Type", "text/plain");
    response.headers.add("X-Quick", "yes");
    response.body = BodyPieces{std::move(body)};
    prepared_[target] = std::make_shared<const PreparedAnswer>(prepare_answer(response).value());
  }

  QuickAnswer find(const RequestView& request) {
    const auto found = prepared_.find(std::string(request.target));
    if (found == prepared_.end()) return {};
    return {.prepared = found->second, .user = std::make_shared<const std::string>("alice")};
  }

  RawClient quick_client() {
    quick_ = [this](const RequestView& request) { return find(request); };
    start();
    return RawClient(address_);
  }

  std::map<std::string, std::shared_ptr<const PreparedAnswer>> prepared_;
};

TEST_F(QuickServer, SendsWhatWasPrepared) {
  RawClient client = quick_client();
  std::string id;
  for (int i = 0; i < 3; ++i) {
    const RawAnswer answer = client.ask(get("/hello"));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "hello there");
    EXPECT_EQ(answer.field("x-quick"), "yes");
    EXPECT_EQ(answer.field("content-length"), "11");
    EXPECT_EQ(answer.field("connection"), "(none)");
    EXPECT_THAT(answer.field("date"), HasSubstr(" GMT"));
    EXPECT_EQ(answer.field("x-request-id").size(), 36U);
    EXPECT_NE(answer.field("x-request-id"), id);
    id = answer.field("x-request-id");
  }
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(QuickServer, AHeadGetsNoBody) {
  RawClient client = quick_client();
  client.send("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\nHEAD /file HTTP/1.1\r\nHost: h\r\n\r\n" + get("/hello"));
  EXPECT_EQ(client.receive(true).field("content-length"), "300000");
  EXPECT_EQ(client.receive(true).field("content-length"), "700000");
  EXPECT_EQ(client.receive().body, "hello there");
}

TEST_F(QuickServer, SendsLargeBodiesAndFilesWhole) {
  RawClient client = quick_client();
  const std::string file = content_of(*prepared_["/file"]->body.file()->file, 700'000);
  for (int i = 0; i < 3; ++i) {
    client.send(get("/hello") + get("/large") + get("/hello") + get("/file") + get("/file") + get("/hello"));
    EXPECT_EQ(client.receive().body, "hello there");
    EXPECT_EQ(client.receive().body, std::string(300'000, 'x'));
    EXPECT_EQ(client.receive().body, "hello there");
    EXPECT_EQ(client.receive().body, file);
    EXPECT_EQ(client.receive().body, file);
    EXPECT_EQ(client.receive().body, "hello there");
  }
}

TEST_F(QuickServer, AnswersManyPipelinedRequestsInOrderBetweenOthers) {
  RawClient client = quick_client();
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += i % 50 == 7 ? post("/echo", std::to_string(i)) : get("/hello");
  std::thread sender([&] { client.send(requests); });
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(client.receive().body, i % 50 == 7 ? std::to_string(i) : "hello there") << i;
  }
  sender.join();
  EXPECT_EQ(site_.calls, 10);
}

TEST_F(QuickServer, RequestsThatAreNotPlainReadsGoTheLongWay) {
  RawClient client = quick_client();
  int calls = 0;
  for (const char* lines :
       {"Range: bytes=0-1\r\n", "If-None-Match: \"x\"\r\n", "If-Modified-Since: x\r\n", "If-Range: \"x\"\r\n",
        "Expect: 100-continue\r\n", "Upgrade: h2c\r\nConnection: upgrade\r\n", "Content-Length: 1\r\n"}) {
    const std::string body = std::string_view(lines).starts_with("Content-Length") ? "x" : "";
    EXPECT_EQ(client.ask(get("/hello", lines) + body).body, "hello") << lines;
    EXPECT_EQ(site_.calls, ++calls) << lines;
  }
  EXPECT_EQ(client.ask(post("/hello", "")).body, "hello");
  EXPECT_EQ(client.ask(get("/hello", "Connection: close\r\n")).field("connection"), "close");
  RawClient old(address_);
  old.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.receive().body, "hello");
}

TEST_F(QuickServer, MalformedHeadsAreRefusedAsEver) {
  quick_client();
  for (const char* text :
       {"GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"}) {
    RawClient client(address_);
    EXPECT_EQ(client.ask(text).status, 400U) << text;
  }
}

TEST_F(QuickServer, WritesALineForEach) {
  RawClient client = quick_client();
  client.send(get("/hello", "User-Agent: docker\r\n") + get("/hello") + get("/file"));
  client.receive();
  client.receive();
  client.receive();
  ASSERT_TRUE(eventually([&] { return record_count() == 3; }));
  const std::lock_guard lock(site_.mutex);
  EXPECT_EQ(site_.records[0].user_agent, "docker");
  EXPECT_EQ(site_.records[0].user, "alice");
  EXPECT_EQ(site_.records[0].target, "/hello");
  EXPECT_EQ(site_.records[0].method, "GET");
  EXPECT_EQ(site_.records[0].status, 200U);
  EXPECT_EQ(site_.records[0].body_bytes, 11U);
  EXPECT_EQ(site_.records[0].request_id.size(), 36U);
  EXPECT_EQ(site_.records[2].body_bytes, 700'000U);
}

TEST_F(QuickServer, EndsAConnectionAfterItsRequests) {
  options_.limits.requests_per_connection = 3;
  RawClient client = quick_client();
  client.send(get("/hello") + get("/hello") + get("/hello") + get("/hello"));
  EXPECT_EQ(client.receive().field("connection"), "(none)");
  EXPECT_EQ(client.receive().field("connection"), "(none)");
  EXPECT_EQ(client.receive().field("connection"), "close");
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(QuickServer, ADrainEndsConnectionsThatAreIdle) {
  RawClient client = quick_client();
  EXPECT_EQ(client.ask(get("/hello")).status, 200U);
  EXPECT_TRUE(server_->drain(std::chrono::seconds(5)));
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(QuickServer, NoticesAnEndThatCameWithBytes) {
  options_.loop_count = 1;
  for (const std::string& last : {get("/hello"), get("/long-way"), std::string("GET /hel"), std::string()}) {
    RawClient client = quick_client();
    ASSERT_EQ(client.ask(get("/hello")).status, 200U);
    // Both arrive while the loop is elsewhere, so that they are one event.
    boost::asio::post(server_->executor(), [] { std::this_thread::sleep_for(std::chrono::milliseconds(50)); });
    client.send(last);
    client.end_sending();
    const auto sent = std::chrono::steady_clock::now();
    if (last.ends_with("\r\n\r\n")) EXPECT_EQ(client.receive().status, 200U);
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_LT(std::chrono::steady_clock::now() - sent, std::chrono::seconds(5))
        << "none of the limits, which are longer";
  }
}

TEST_F(QuickServer, AClientThatTakesNothingIsCutOff) {
  options_.limits.write_stall_time = std::chrono::milliseconds(200);
  RawClient client = quick_client();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += get("/large");
  client.send(requests);
  EXPECT_TRUE(eventually([&] { return counter("berth_http_timeouts_total", {{"phase", "write"}}) == 1; }));
}

}  // namespace
}  // namespace berth::http
