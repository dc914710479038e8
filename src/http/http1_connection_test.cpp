#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_test_support.h"

namespace berth::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Http1 = ServerTest;

TEST_F(Http1, AnswersOneRequestAfterTheOther) {
  RawClient client = this->client();
  for (int i = 0; i < 3; ++i) {
    const RawAnswer answer = client.ask(get("/"));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.field("content-length"), "5");
    EXPECT_EQ(answer.field("connection"), "(none)");
    EXPECT_EQ(answer.field("x-request-id").size(), 36U);
    EXPECT_THAT(answer.field("date"), HasSubstr(" GMT"));
  }
}

TEST_F(Http1, GivesEachRequestAnIdOfItsOwn) {
  RawClient client = this->client();
  const std::string first = client.ask(get("/")).field("x-request-id");
  EXPECT_NE(client.ask(get("/")).field("x-request-id"), first);
}

TEST_F(Http1, AnswersPipelinedRequestsInOrder) {
  RawClient client = this->client();
  client.send(post("/echo", "one") + get("/status/404") + post("/echo", "two") + get("/"));
  EXPECT_EQ(client.receive().body, "one");
  EXPECT_EQ(client.receive().status, 404U);
  EXPECT_EQ(client.receive().body, "two");
  EXPECT_EQ(client.receive().body, "hello");
}

TEST_F(Http1, TakesARequestByteByByte) {
  RawClient client = this->client();
  for (const char c : "\r\n" + post("/echo", "body")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.receive().body, "body");
}

TEST_F(Http1, ClosesWhenTheClientSaysSo) {
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/", "Connection: close\r\n")).field("connection"), "close");
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(Http1, AnswersAClientThatHasEndedSending) {
  RawClient client = this->client();
  client.send(get("/"));
  client.end_sending();
  EXPECT_EQ(client.receive().body, "hello");
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(Http1, SpeaksHttp10) {
  RawClient once = client();
  const RawAnswer answer = once.ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(once.is_closed_by_server());

  RawClient kept = client();
  EXPECT_EQ(kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").field("connection"), "keep-alive");
  EXPECT_EQ(kept.ask(get("/")).body, "hello");
}

TEST_F(Http1, SendsStreamsChunkedOrUntilTheEnd) {
  RawClient client = this->client();
  const RawAnswer chunked = client.ask(get("/stream"));
  EXPECT_EQ(chunked.field("transfer-encoding"), "chunked");
  EXPECT_EQ(chunked.field("content-length"), "(none)");
  EXPECT_EQ(chunked.body, "word word word ");
  const RawAnswer until_end = client.ask("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(until_end.field("transfer-encoding"), "(none)");
  EXPECT_EQ(until_end.field("connection"), "close");
  EXPECT_EQ(until_end.body, "word word word ");
}

TEST_F(Http1, BreaksAStreamOffThatFails) {
  RawClient client = this->client();
  const RawAnswer answer = client.ask(get("/broken"));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_FALSE(answer.is_whole);
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  EXPECT_FALSE(last_record().is_complete);
}

TEST_F(Http1, TakesChunkedBodies) {
  RawClient client = this->client();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(client.ask(head + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: x\r\n\r\n").body, "hello world");
  EXPECT_EQ(client.ask(head + "0\r\n\r\n").body, "");
  EXPECT_EQ(client.ask(get("/")).body, "hello");
}

TEST_F(Http1, TakesLargeBodies) {
  RawClient client = this->client();
  std::string body(3'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  EXPECT_EQ(client.ask(post("/echo", body)).body, body);
  std::string chunked = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::size_t size = 1;
  for (std::size_t at = 0; at < body.size(); at += size, size = size * 3 % 100'003 + 1) {
    const std::string piece = body.substr(at, size);
    chunked += fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
  }
  EXPECT_EQ(client.ask(chunked + "0\r\n\r\n").body, body);
}

TEST_F(Http1, RefusesMalformedChunks) {
  RawClient client = this->client();
  const RawAnswer answer =
      client.ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n0\r\n\r\n" + get("/"));
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(Http1, RefusesWhatCouldSmuggleARequest) {
  for (const char* lines :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n", "A: b\r\n c\r\n", "Content-Length: 5\n",
        "Transfer-Encoding : chunked\r\n"}) {
    RawClient client = this->client();
    const RawAnswer answer =
        client.ask(fmt::format("POST /echo HTTP/1.1\r\nHost: h\r\n{}\r\n0\r\n\r\n{}", lines, get("/")));
    EXPECT_EQ(answer.status, 400U) << lines;
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_TRUE(client.is_closed_by_server()) << lines;
  }
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http1, RefusesBadHeadsWithTheirStatus) {
  const std::vector<std::pair<std::string, unsigned>> cases = {
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {get("/%zz"), 400},
      {get("/a//b"), 404},
      {get("/a/../b"), 404},
      {get("/a%2Fb"), 404},
      {get("/" + std::string(9'000, 'a')), 414},
      {"GET /" + std::string(100'000, 'a'), 414},
      {get("/", "A: " + std::string(70'000, 'a') + "\r\n"), 431},
      {get("/", "Expect: wonders\r\n"), 417},
      {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
      {"\x16\x03\x01\x02\x01\r\n\r\n", 400},
  };
  for (const auto& [request, status] : cases) {
    RawClient client = this->client();
    EXPECT_EQ(client.ask(request).status, status) << request.substr(0, 60);
    EXPECT_TRUE(client.is_closed_by_server());
  }
  EXPECT_EQ(site_.calls, 0);
  EXPECT_EQ(counter("berth_http_bad_requests_total"), cases.size());
}

TEST_F(Http1, TakesAHeadUpToTheLimit) {
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/", "A: " + std::string(60'000, 'a') + "\r\n")).status, 200U);
  EXPECT_EQ(client.ask(get("/")).status, 200U);
}

TEST_F(Http1, SaysContinueWhenTheBodyIsWanted) {
  RawClient client = this->client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100U);
  client.send("body");
  EXPECT_EQ(client.receive().body, "body");
  EXPECT_EQ(client.ask(get("/")).body, "hello");
}

TEST_F(Http1, RefusesBeforeItSaysContinue) {
  RawClient client = this->client();
  client.send("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  const RawAnswer answer = client.receive();
  EXPECT_EQ(answer.status, 401U);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(Http1, SaysNoContinueToAClientThatHasBegun) {
  RawClient client = this->client();
  EXPECT_EQ(
      client.ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody").status,
      200U);
}

TEST_F(Http1, AFinalStatusReachesAClientInTheMiddleOfItsBody) {
  RawClient client = this->client();
  // More than both sockets' buffers hold would block for good if the server neither read nor closed.
  client.send("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n" + std::string(200'000, 'x'));
  const RawAnswer answer = client.receive();
  EXPECT_EQ(answer.status, 401U);
  EXPECT_EQ(answer.body, "log in first\n");
  EXPECT_EQ(answer.field("connection"), "close");
}

TEST_F(Http1, StopsDrainingABodyThatDoesNotEnd) {
  options_.limits.drain_time = std::chrono::milliseconds(200);
  RawClient client = this->client();
  client.send("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\nx");
  EXPECT_EQ(client.receive().status, 401U);
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_TRUE(eventually([this] { return metrics_.gauge("berth_http_connections", "").value() == 0; }));
}

TEST_F(Http1, SkipsAnUnreadBodyThatIsThere) {
  RawClient client = this->client();
  EXPECT_EQ(client.ask(post("/early", "small")).field("connection"), "(none)");
  const RawAnswer chunked = client.ask(
      "POST /early HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsmall\r\n0\r\n\r\n" + get("/"));
  EXPECT_EQ(chunked.status, 401U);
  EXPECT_EQ(client.receive().body, "hello");
}

TEST_F(Http1, HoldsToTheRulesOfEmptyAnswers) {
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/status/201")).field("content-length"), "0");
  EXPECT_EQ(client.ask(get("/status/202")).field("content-length"), "0");
  for (const char* path : {"/status/204", "/status/304"}) {
    const RawAnswer answer = client.ask(get(path));
    EXPECT_EQ(answer.field("content-length"), "(none)");
    EXPECT_EQ(answer.field("transfer-encoding"), "(none)");
  }
  EXPECT_EQ(client.ask(get("/")).body, "hello");
}

TEST_F(Http1, SendsNoBodyToHead) {
  site_.file = counting_file(1000);
  site_.file_size = 1000;
  RawClient client = this->client();
  EXPECT_EQ(client.ask("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n").field("content-length"), "5");
  EXPECT_EQ(client.ask("HEAD /file HTTP/1.1\r\nHost: h\r\n\r\n").field("content-length"), "1002");
  EXPECT_EQ(client.ask("HEAD /sized HTTP/1.1\r\nHost: h\r\n\r\n").field("content-length"), "12345");
  EXPECT_EQ(client.ask("HEAD /status/404 HTTP/1.1\r\nHost: h\r\n\r\n").field("content-length"), "0");
  EXPECT_EQ(client.ask("HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n").field("content-length"), "(none)");
  EXPECT_EQ(client.ask(get("/")).body, "hello");
}

TEST_F(Http1, SendsFilesBetweenMemory) {
  const std::size_t size = 5'000'003;
  site_.file = counting_file(size);
  site_.file_size = size;
  RawClient client = this->client();
  const RawAnswer answer = client.ask(get("/file"));
  EXPECT_EQ(answer.body.size(), size + 2);
  EXPECT_TRUE(answer.body == "<" + content_of(*site_.file, size) + ">");
  EXPECT_EQ(client.ask(get("/")).body, "hello");
  ASSERT_TRUE(eventually([this] { return record_count() == 2; }));
  const std::lock_guard lock(site_.mutex);
  EXPECT_EQ(site_.records[0].body_bytes, size + 2);
}

TEST_F(Http1, NeverFillsUpAFileThatIsTooShort) {
  site_.file = counting_file(1000);
  site_.file_size = 1000;
  RawClient client = this->client();
  const RawAnswer answer = client.ask(get("/short"));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_FALSE(answer.is_whole);
}

TEST_F(Http1, TurnsExceptionsIntoAnswers) {
  RawClient client = this->client();
  const RawAnswer broken = client.ask(get("/throw"));
  EXPECT_EQ(broken.status, 500U);
  EXPECT_THAT(broken.body, Not(HasSubstr("database")));
  const RawAnswer full = client.ask(get("/full"));
  EXPECT_EQ(full.status, 503U);
  EXPECT_EQ(full.field("retry-after"), "1");
  EXPECT_EQ(client.ask(get("/")).status, 200U);
}

TEST_F(Http1, NeverSplitsAnAnswer) {
  RawClient client = this->client();
  const RawAnswer answer = client.ask(get("/split"));
  EXPECT_EQ(answer.status, 500U);
  EXPECT_THAT(answer.head, Not(HasSubstr("evil")));
}

TEST_F(Http1, AnswersForTheServerItself) {
  RawClient client = this->client();
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status, 200U);
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http1, EndsAConnectionAfterItsShareOfRequests) {
  options_.limits.requests_per_connection = 2;
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/")).field("connection"), "(none)");
  EXPECT_EQ(client.ask(get("/")).field("connection"), "close");
  client.end_sending();
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(Http1, RecordsWhatWasAnswered) {
  RawClient client = this->client();
  client.ask(post("/echo?a=b", "12345", "User-Agent: tester\r\nReferer: r\r\n"));
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  const AccessRecord record = last_record();
  EXPECT_EQ(record.method, "POST");
  EXPECT_EQ(record.target, "/echo?a=b");
  EXPECT_EQ(record.status, 200U);
  EXPECT_EQ(record.body_bytes, 5U);
  EXPECT_EQ(record.request_body_bytes, 5U);
  EXPECT_EQ(record.user_agent, "tester");
  EXPECT_EQ(record.referer, "r");
  EXPECT_EQ(record.host, "h");
  EXPECT_TRUE(record.is_complete);
  EXPECT_THAT(record.peer_address, HasSubstr("127.0.0.1:"));
  EXPECT_EQ(record.request_id.size(), 36U);
}

TEST_F(Http1, RecordsAClientThatWentAway) {
  {
    RawClient client = this->client();
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nonly this");
  }
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  EXPECT_EQ(last_record().status, 499U);
  EXPECT_FALSE(last_record().is_complete);
}

}  // namespace
}  // namespace berth::http
