#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/http2_test_client.h"

namespace berth::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Http2 = Http2Test;

std::string long_body(std::size_t size) {
  std::string body(size, 'x');
  for (std::size_t i = 0; i < size; i += 997) body[i] = static_cast<char>('a' + i % 26);
  return body;
}

TEST_F(Http2, AnswersOneRequestAfterTheOther) {
  Http2Client client = client2();
  for (int i = 0; i < 3; ++i) {
    const Http2ClientAnswer answer = client.ask("/");
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_TRUE(answer.is_whole);
    EXPECT_EQ(answer.reset_code, 0U);
    EXPECT_EQ(answer.field("content-length"), "5");
    EXPECT_EQ(answer.field("content-type"), "text/plain");
    EXPECT_EQ(answer.field("connection"), "(none)");
    EXPECT_EQ(answer.field("x-request-id").size(), 36U);
    EXPECT_THAT(answer.field("date"), HasSubstr(" GMT"));
  }
  EXPECT_EQ(counter("berth_http2_connections_total"), 1U);
}

TEST_F(Http2, AnswersRequestsSideBySide) {
  Http2Client client = client2();
  const std::int32_t slow = client.get("/gate");
  ASSERT_TRUE(eventually([this] { return site_.at_gate == 1; }));
  std::vector<std::int32_t> quick;
  for (int i = 0; i < 100; ++i) quick.push_back(client.get("/"));
  for (const std::int32_t id : quick) EXPECT_EQ(client.receive(id).body, "hello");
  EXPECT_FALSE(client.answer(slow).is_closed);
  site_.is_gate_open = true;
  EXPECT_EQ(client.receive(slow).body, "passed");
}

TEST_F(Http2, SpeaksHttp1OnTheSamePort) {
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/")).body, "hello");
  EXPECT_EQ(client2().ask("/").body, "hello");
}

TEST_F(Http2, SpeaksItOnlyIfTold) {
  options_.speaks_h2c = false;
  RawClient client = this->client();
  client.send(RawHttp2Client::kPreface);
  EXPECT_EQ(client.receive().status, 505U);
}

TEST_F(Http2, TakesBodies) {
  Http2Client client = client2();
  EXPECT_EQ(client.post("/echo", "").body, "");
  EXPECT_EQ(client.post("/echo", "one").body, "one");
  const std::string body = long_body(5'000'003);
  EXPECT_TRUE(client.post("/echo", body).body == body);
  EXPECT_TRUE(client.post("/echo", body, {{"content-length", std::to_string(body.size())}}).body == body);
}

TEST_F(Http2, TakesABodyPieceByPiece) {
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/echo", {}, true);
  for (int i = 0; i < 50; ++i) client.more(id, "piece ");
  client.end(id, "end");
  EXPECT_EQ(client.receive(id).body.size(), 50U * 6 + 3);
}

TEST_F(Http2, TakesBodiesSideBySide) {
  Http2Client client = client2();
  const std::string body = long_body(1'500'000);
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 8; ++i) {
    ids.push_back(client.start("POST", "/count", {}, true));
    client.end(ids.back(), body);
  }
  for (const std::int32_t id : ids) EXPECT_EQ(client.receive(id).body, std::to_string(body.size()));
}

TEST_F(Http2, IgnoresTrailers) {
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, raw_head("POST", "/echo"));
  client.send(NGHTTP2_DATA, 0, 1, "hello");
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, raw_field("trailer", "x"));
  const auto data = client.next(NGHTTP2_DATA);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->payload, "hello");
}

TEST_F(Http2, TakesPaddedFrames) {
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, raw_head("POST", "/echo"));
  const std::string padded = std::string(1, '\x64') + "hello" + std::string(100, '\0');
  client.send(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_PADDED, 1, padded);
  EXPECT_EQ(client.next(NGHTTP2_DATA)->payload, "hello");
}

TEST_F(Http2, SendsNoBodyToHead) {
  site_.file = counting_file(1000);
  site_.file_size = 1000;
  Http2Client client = client2();
  const auto length = [&client](const std::string& path) {
    const Http2ClientAnswer answer = client.receive(client.start("HEAD", path));
    EXPECT_TRUE(answer.is_whole);
    EXPECT_EQ(answer.body, "");
    return answer.field("content-length");
  };
  EXPECT_EQ(length("/"), "5");
  EXPECT_EQ(length("/file"), "1002");
  EXPECT_EQ(length("/sized"), "12345");
  EXPECT_EQ(length("/status/404"), "0");
  EXPECT_EQ(length("/stream"), "(none)");
}

TEST_F(Http2, HoldsToTheRulesOfEmptyAnswers) {
  Http2Client client = client2();
  EXPECT_EQ(client.ask("/status/201").field("content-length"), "0");
  EXPECT_EQ(client.ask("/status/204").field("content-length"), "(none)");
  const Http2ClientAnswer unchanged = client.ask("/status/304");
  EXPECT_EQ(unchanged.status, 304U);
  EXPECT_EQ(unchanged.field("content-length"), "(none)");
  EXPECT_TRUE(unchanged.is_whole);
}

TEST_F(Http2, SendsFilesBetweenMemory) {
  const std::size_t size = 5'000'003;
  site_.file = counting_file(size);
  site_.file_size = size;
  Http2Client client = client2({.window = 1'000'000});
  const Http2ClientAnswer answer = client.ask("/file");
  EXPECT_TRUE(answer.body == "<" + content_of(*site_.file, size) + ">");
  EXPECT_EQ(answer.field("content-length"), std::to_string(size + 2));
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  EXPECT_EQ(last_record().body_bytes, size + 2);
}

TEST_F(Http2, LetsStreamsTakeTurns) {
  const std::size_t size = 4'000'000;
  site_.file = counting_file(size);
  site_.file_size = size;
  Http2Client client = client2({.window = 30'000});
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(client.get("/file"));
  ASSERT_TRUE(client.receive_until([&] { return client.answer(ids[3]).body.size() > size / 2; }));
  for (const std::int32_t id : ids) EXPECT_GT(client.answer(id).body.size(), size / 3);
  for (const std::int32_t id : ids) EXPECT_EQ(client.receive(id).body.size(), size + 2);
}

TEST_F(Http2, NeverFillsUpAFileThatIsTooShort) {
  site_.file = counting_file(100'000);
  site_.file_size = 100'000;
  Http2Client client = client2();
  const Http2ClientAnswer answer = client.ask("/short");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_FALSE(answer.is_whole);
  EXPECT_EQ(answer.reset_code, static_cast<std::uint32_t>(NGHTTP2_INTERNAL_ERROR));
  EXPECT_EQ(client.ask("/").body, "hello");
  ASSERT_TRUE(eventually([this] { return record_count() == 2; }));
  const std::lock_guard lock(site_.mutex);
  EXPECT_FALSE(site_.records[0].is_complete);
}

TEST_F(Http2, SendsStreams) {
  Http2Client client = client2();
  const Http2ClientAnswer answer = client.ask("/stream");
  EXPECT_EQ(answer.body, "word word word ");
  EXPECT_EQ(answer.field("content-length"), "(none)");
  EXPECT_EQ(answer.field("transfer-encoding"), "(none)");
  EXPECT_TRUE(answer.is_whole);
}

TEST_F(Http2, BreaksAStreamOffThatFails) {
  Http2Client client = client2();
  const Http2ClientAnswer answer = client.ask("/broken");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_FALSE(answer.is_whole);
  EXPECT_EQ(answer.reset_code, static_cast<std::uint32_t>(NGHTTP2_INTERNAL_ERROR));
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  EXPECT_FALSE(last_record().is_complete);
}

TEST_F(Http2, SaysContinueWhenTheBodyIsWanted) {
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/echo", {{"expect", "100-continue"}}, true);
  ASSERT_TRUE(client.receive_until([&] { return client.answer(id).is_continued; }));
  client.end(id, "body");
  EXPECT_EQ(client.receive(id).body, "body");
  EXPECT_EQ(client.answer(id).status, 200U);
}

TEST_F(Http2, RefusesBeforeItSaysContinue) {
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/early", {{"expect", "100-continue"}}, true);
  ASSERT_TRUE(client.receive_until([&] { return client.answer(id).is_whole; }));
  EXPECT_EQ(client.answer(id).status, 401U);
  EXPECT_FALSE(client.answer(id).is_continued);
}

TEST_F(Http2, AFinalStatusReachesAClientInTheMiddleOfItsBody) {
  options_.limits.drain_time = std::chrono::milliseconds(100);
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/early", {}, true);
  client.more(id, std::string(3'000'000, 'x'));
  const Http2ClientAnswer answer = client.receive(id);
  EXPECT_EQ(answer.status, 401U);
  EXPECT_EQ(answer.body, "log in first\n");
  EXPECT_TRUE(answer.is_whole);
  EXPECT_EQ(answer.reset_code, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  // What was sent in vain does not keep others out.
  EXPECT_EQ(client.post("/count", std::string(6'000'000, 'x')).body, "6000000");
}

TEST_F(Http2, TakesARestThatIsShort) {
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/early", {}, true);
  ASSERT_TRUE(client.receive_until([&] { return client.answer(id).is_whole; }));
  client.end(id, "rest");
  EXPECT_TRUE(client.receive(id).is_closed);
  EXPECT_EQ(client.answer(id).reset_code, 0U);
}

TEST_F(Http2, TurnsExceptionsIntoAnswers) {
  Http2Client client = client2();
  const Http2ClientAnswer broken = client.ask("/throw");
  EXPECT_EQ(broken.status, 500U);
  EXPECT_THAT(broken.body, Not(HasSubstr("database")));
  const Http2ClientAnswer full = client.ask("/full");
  EXPECT_EQ(full.status, 503U);
  EXPECT_EQ(full.field("retry-after"), "1");
}

TEST_F(Http2, NeverSplitsAnAnswer) {
  const Http2ClientAnswer answer = client2().ask("/split");
  EXPECT_EQ(answer.status, 500U);
  EXPECT_EQ(answer.field("set-cookie"), "(none)");
}

TEST_F(Http2, RefusesBadHeadsWithTheirStatus) {
  Http2Client client = client2();
  const std::vector<std::pair<std::string, unsigned>> cases = {
      {"/%zz", 400}, {"/a//b", 404}, {"/a/../b", 404}, {"/a%2Fb", 404}, {"/" + std::string(9'000, 'a'), 414}};
  for (const auto& [path, status] : cases) EXPECT_EQ(client.ask(path).status, status) << path.substr(0, 60);
  EXPECT_EQ(client.ask("/", {{"expect", "wonders"}}).status, 417U);
  EXPECT_EQ(client.ask("/", {{"host", "other"}}).status, 400U);
  EXPECT_EQ(client.ask("/", {{"a", std::string(60'000, 'a')}}).status, 200U);
  EXPECT_EQ(client.ask("/").status, 200U);
  EXPECT_EQ(site_.calls, 2);
  EXPECT_EQ(counter("berth_http_bad_requests_total"), cases.size() + 2);
}

TEST_F(Http2, RefusesAHeadThatIsTooLarge) {
  RawHttp2Client client = raw_client();
  std::string head = raw_head("GET", "/");
  while (head.size() < 16'000) head += raw_field("a", std::string(100, 'b'));
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, head);
  std::string more;
  while (more.size() < 16'000) more += raw_field("a", std::string(100, 'b'));
  for (int i = 0; i < 3; ++i) client.send(NGHTTP2_CONTINUATION, 0, 1, more);
  client.send(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, more);
  const auto answer = client.next(NGHTTP2_DATA);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->payload, "the head is too large\n");
  client.get(3, "/");
  EXPECT_EQ(client.next(NGHTTP2_DATA)->payload, "hello");
  EXPECT_EQ(site_.calls, 1);
  ASSERT_TRUE(eventually([this] { return record_count() == 2; }));
  const std::lock_guard lock(site_.mutex);
  EXPECT_EQ(site_.records[0].status, 431U);
}

TEST_F(Http2, BreaksMalformedRequestsOff) {
  // RFC 9113, 8.2 and 8.3: none of these may reach a handler, and none ends the connection.
  const std::string head = raw_head("GET", "/");
  const std::vector<std::string> heads = {
      head + raw_field("Upper", "case"),
      head + raw_field("connection", "close"),
      head + raw_field("keep-alive", "1"),
      head + raw_field("proxy-connection", "x"),
      head + raw_field("transfer-encoding", "chunked"),
      head + raw_field("upgrade", "h2c"),
      head + raw_field("te", "gzip"),
      head + raw_field(":method", "GET"),
      head + raw_field(":unknown", "x"),
      head + raw_field("a", "line\nbreak"),
      head + raw_field("a", std::string("n\0l", 3)),
      head + raw_field("a", " space"),
      head + raw_field("content-length", "5"),
      raw_field("a", "b") + head,
      raw_field(":scheme", "http") + raw_field(":path", "/") + raw_field(":authority", "h"),
      raw_field(":method", "GET") + raw_field(":path", "/") + raw_field(":authority", "h"),
      raw_field(":method", "GET") + raw_field(":scheme", "http") + raw_field(":authority", "h"),
      raw_field(":method", "GET") + raw_field(":scheme", "http") + raw_field(":path", "") +
          raw_field(":authority", "h"),
      raw_field(":method", "GET") + raw_field(":scheme", "http") + raw_field(":path", "/"),
      raw_field(":method", "GET") + raw_field(":scheme", "http") + raw_field(":path", "*") +
          raw_field(":authority", "h"),
  };
  RawHttp2Client client = raw_client();
  std::uint32_t stream = 1;
  for (const std::string& each : heads) {
    client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream, each);
    const auto frame = client.next(NGHTTP2_RST_STREAM);
    ASSERT_TRUE(frame) << each;
    EXPECT_EQ(frame->stream, stream);
    EXPECT_EQ(frame->number_at(0), static_cast<std::uint32_t>(NGHTTP2_PROTOCOL_ERROR)) << each;
    stream += 2;
  }
  EXPECT_EQ(site_.calls, 0);
  EXPECT_EQ(counter("berth_http_bad_requests_total"), heads.size());
  client.get(stream, "/");
  EXPECT_EQ(client.next(NGHTTP2_DATA)->payload, "hello");
  ASSERT_TRUE(eventually([&] { return record_count() == heads.size() + 1; }));
  const std::lock_guard lock(site_.mutex);
  EXPECT_EQ(site_.records[0].status, 400U);
}

TEST_F(Http2, BreaksABodyOffThatIsNotAsLongAsItSaid) {
  for (const char* length : {"4", "6"}) {
    Http2Client client = client2();
    const Http2ClientAnswer answer = client.post("/echo", "12345", {{"content-length", length}});
    EXPECT_EQ(answer.reset_code, static_cast<std::uint32_t>(NGHTTP2_PROTOCOL_ERROR));
    EXPECT_EQ(client.ask("/").status, 200U);
  }
}

TEST_F(Http2, AnswersForTheServerItself) {
  Http2Client client = client2();
  EXPECT_EQ(client.receive(client.start("OPTIONS", "*")).status, 200U);
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http2, RecordsWhatWasAnswered) {
  Http2Client client = client2();
  client.post("/echo?a=b", "12345", {{"user-agent", "tester"}, {"referer", "r"}});
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  const AccessRecord record = last_record();
  EXPECT_EQ(record.method, "POST");
  EXPECT_EQ(record.target, "/echo?a=b");
  EXPECT_EQ(record.http_major, 2U);
  EXPECT_EQ(record.http_minor, 0U);
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

TEST_F(Http2, RecordsAClientThatWentAway) {
  {
    Http2Client client = client2();
    client.more(client.start("POST", "/echo", {}, true), "only this");
    // Asked later and answered: those bytes have been read. Else the close could be a reset, which takes them away.
    EXPECT_EQ(client.ask("/").body, "hello");
  }
  ASSERT_TRUE(eventually([this] { return record_count() == 2; }));
  EXPECT_EQ(last_record().status, 499U);
  EXPECT_FALSE(last_record().is_complete);
  EXPECT_EQ(last_record().request_body_bytes, 9U);
  EXPECT_TRUE(eventually([this] { return metrics_.gauge("berth_http_connections", "").value() == 0; }));
}

TEST_F(Http2, LetsAHandlerEndWhoseStreamWasBrokenOff) {
  Http2Client client = client2();
  const std::int32_t waiting = client.get("/gate");
  const std::int32_t reading = client.start("POST", "/echo", {}, true);
  ASSERT_TRUE(eventually([this] { return site_.calls == 2; }));
  client.reset(waiting);
  client.reset(reading);
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  EXPECT_EQ(last_record().target, "/echo");
  EXPECT_EQ(client.ask("/").body, "hello");
  site_.is_gate_open = true;
  ASSERT_TRUE(eventually([this] { return record_count() == 3; }));
  EXPECT_EQ(last_record().target, "/gate");
  EXPECT_EQ(last_record().status, 499U);
}

TEST_F(Http2, StopsAFileThatNobodyWants) {
  site_.file_size = 50'000'000;
  site_.file = counting_file(site_.file_size);
  Http2Client client = client2();
  const std::int32_t id = client.get("/file");
  ASSERT_TRUE(client.receive_until([&] { return client.answer(id).body.size() > 100'000; }));
  client.reset(id);
  EXPECT_EQ(client.ask("/").body, "hello");
  ASSERT_TRUE(eventually([this] { return record_count() == 2; }));
  const std::lock_guard lock(site_.mutex);
  EXPECT_LT(site_.records[0].body_bytes, 10'000'000U);
  EXPECT_FALSE(site_.records[0].is_complete);
}

TEST_F(Http2, EndsAConnectionAfterItsShareOfRequests) {
  options_.limits.requests_per_connection = 3;
  Http2Client client = client2();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask("/").status, 200U);
  EXPECT_FALSE(client.receive_until([] { return false; }));  // to its end
  EXPECT_EQ(client.goaway(), 0U);
}

TEST_F(Http2, HoldsACallersBodyBackThatIsNotRead) {
  options_.limits.http2.stream_window_bytes = 100'000;
  options_.limits.http2.connection_window_bytes = 300'000;
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/gate", {}, true);
  client.more(id, std::string(1'000'000, 'x'));
  ASSERT_TRUE(eventually([this] { return site_.at_gate == 1; }));
  EXPECT_EQ(client.ask("/").status, 200U);
  EXPECT_EQ(nghttp2_session_get_stream_remote_window_size(client.session(), id), 0);
  // The rest of the connection's window is for others.
  EXPECT_EQ(client.post("/count", std::string(1'000'000, 'x')).body, "1000000");
  site_.is_gate_open = true;
  ASSERT_TRUE(client.receive_until([&] { return client.answer(id).is_whole; }));
  EXPECT_EQ(client.answer(id).body, "passed");
}

using H2cUpgrade = Http2Test;

const char* const kUpgrade =
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";

TEST_F(H2cUpgrade, GoesOnWithHttp2) {
  RawClient raw = this->client();
  raw.send(get("/", kUpgrade));
  const RawAnswer switched = raw.receive();
  ASSERT_EQ(switched.status, 101U);
  EXPECT_EQ(switched.field("upgrade"), "h2c");
  Http2Client client(std::move(raw), {}, false);
  const std::array<std::uint8_t, 6> settings = {0, 3, 0, 0, 0, 100};
  ASSERT_EQ(nghttp2_session_upgrade2(client.session(), settings.data(), settings.size(), 0, nullptr), 0);
  client.flush();
  const Http2ClientAnswer first = client.receive(1);
  EXPECT_EQ(first.status, 200U);
  EXPECT_EQ(first.body, "hello");
  EXPECT_EQ(client.post("/echo", "second").body, "second");
  ASSERT_TRUE(eventually([this] { return record_count() == 2; }));
  const std::lock_guard lock(site_.mutex);
  EXPECT_EQ(site_.records[0].http_major, 2U);
  EXPECT_EQ(site_.records[0].target, "/");
}

TEST_F(H2cUpgrade, GoesOnWithHttp1IfItIsAskedForInAnotherWay) {
  for (const char* lines :
       {"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", "Upgrade: h2c\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: ***\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAA\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: websocket\r\nHTTP2-Settings: AAMAAABk\r\n"}) {
    RawClient client = this->client();
    EXPECT_EQ(client.ask(get("/", lines)).status, 200U) << lines;
  }
  RawClient client = this->client();
  EXPECT_EQ(client.ask(post("/echo", "body", kUpgrade)).body, "body");
}

TEST_F(H2cUpgrade, IsNotHeardUnlessTold) {
  options_.speaks_h2c = false;
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/", kUpgrade)).status, 200U);
}

}  // namespace
}  // namespace berth::http
