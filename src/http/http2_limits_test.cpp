#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/http2_test_client.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;

class Http2Time : public Http2Test {
 protected:
  std::uint64_t timeouts(const char* phase) { return counter("berth_http_timeouts_total", {{"phase", phase}}); }
};

TEST_F(Http2Time, EndsAnIdleConnectionWithAWord) {
  options_.limits.idle_time = 300ms;
  Http2Client client = client2();
  EXPECT_EQ(client.ask("/").status, 200U);
  const auto started = std::chrono::steady_clock::now();
  EXPECT_FALSE(client.receive_until([] { return false; }));
  EXPECT_EQ(client.goaway(), 0U);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
  EXPECT_EQ(timeouts("idle"), 1U);
}

TEST_F(Http2Time, DoesNotTakePingsForWork) {
  options_.limits.idle_time = 500ms;
  RawHttp2Client client = raw_client();
  const auto started = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - started < 8s) {
    if (!client.send(NGHTTP2_PING, 0, 0, "12345678")) break;
    std::this_thread::sleep_for(20ms);
    if (timeouts("idle") > 0) break;
  }
  EXPECT_EQ(timeouts("idle"), 1U);
}

TEST_F(Http2Time, KeepsABusyConnection) {
  options_.limits.idle_time = 200ms;
  Http2Client client = client2();
  const std::int32_t id = client.get("/gate");
  ASSERT_TRUE(eventually([this] { return site_.at_gate == 1; }));
  std::this_thread::sleep_for(800ms);
  site_.is_gate_open = true;
  EXPECT_EQ(client.receive(id).body, "passed");
}

TEST_F(Http2Time, EndsAClientThatDoesNotGreet) {
  options_.limits.header_time = 300ms;
  RawClient client = this->client();
  client.send(RawHttp2Client::kPreface.substr(0, 20));
  while (client.receive_some()) {
  }
  EXPECT_EQ(timeouts("header"), 1U);
}

TEST_F(Http2Time, EndsAHeadThatNeverEnds) {
  options_.limits.header_time = 300ms;
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, 0, 1, raw_head("GET", "/"));
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(timeouts("header"), 1U);
}

TEST_F(Http2Time, EndsABodyThatStandsStill) {
  options_.limits.body_stall_time = 200ms;
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/echo", {}, true);
  client.more(id, "abc");
  EXPECT_EQ(client.receive(id).status, 408U);
  EXPECT_EQ(timeouts("body"), 1U);
  EXPECT_EQ(client.ask("/").status, 200U);
}

TEST_F(Http2Time, EndsABodyThatTrickles) {
  options_.limits.progress_window = 300ms;
  options_.limits.minimum_bytes_per_second = 1000;
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/echo", {}, true);
  for (int i = 0; i < 300 && timeouts("body") == 0; ++i) {
    client.more(id, "x");
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(client.receive(id).status, 408U);
}

TEST_F(Http2Time, DoesNotBlameAClientThatOthersHoldBack) {
  options_.limits.http2.stream_window_bytes = 200'000;
  options_.limits.http2.connection_window_bytes = 200'000;
  options_.limits.body_stall_time = 300ms;
  Http2Client client = client2();
  EXPECT_EQ(client.ask("/").status, 200U);  // and it knows our windows
  const std::int32_t filling = client.start("POST", "/gate", {}, true);
  client.more(filling, std::string(200'000, 'x'));
  ASSERT_TRUE(eventually([this] { return site_.at_gate == 1; }));
  const std::int32_t waiting = client.start("POST", "/count", {}, true);
  client.end(waiting, std::string(1000, 'x'));
  std::this_thread::sleep_for(1s);
  EXPECT_EQ(timeouts("body"), 0U);
  site_.is_gate_open = true;
  EXPECT_EQ(client.receive(waiting).body, "1000");
}

TEST_F(Http2Time, EndsAnAnswerWhoseWindowStaysShut) {
  options_.limits.write_stall_time = 300ms;
  site_.file_size = 1'000'000;
  site_.file = counting_file(site_.file_size);
  Http2Client client = client2({.opens_windows = false});
  const std::int32_t id = client.get("/file");
  const Http2ClientAnswer answer = client.receive(id);
  EXPECT_FALSE(answer.is_whole);
  EXPECT_EQ(answer.body.size(), 65'535U);
  EXPECT_EQ(answer.reset_code, static_cast<std::uint32_t>(NGHTTP2_CANCEL));
  EXPECT_EQ(timeouts("write"), 1U);
  EXPECT_EQ(client.receive(client.start("HEAD", "/")).status, 200U);
}

TEST_F(Http2Time, EndsAnAnswerWhoseWindowOpensByteByByte) {
  options_.limits.progress_window = 500ms;
  options_.limits.minimum_bytes_per_second = 1000;
  site_.file_size = 1'000'000;
  site_.file = counting_file(site_.file_size);
  Http2Client client = client2({.window = 1, .opens_windows = false});
  const std::int32_t id = client.get("/file");
  for (int i = 0; i < 500 && timeouts("write") == 0; ++i) {
    nghttp2_submit_window_update(client.session(), NGHTTP2_FLAG_NONE, id, 1);
    client.flush();
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_FALSE(client.receive(id).is_whole);
  EXPECT_EQ(timeouts("write"), 1U);
}

TEST_F(Http2Time, EndsAConnectionThatNobodyReads) {
  options_.limits.write_stall_time = 300ms;
  site_.file_size = 64 * 1024 * 1024;
  site_.file = counting_file(site_.file_size);
  Http2Client client = client2({.window = 0x7fffffff});
  nghttp2_session_set_local_window_size(client.session(), NGHTTP2_FLAG_NONE, 0, 0x7fffffff);
  client.get("/file");
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  EXPECT_FALSE(last_record().is_complete);
  EXPECT_EQ(timeouts("write"), 1U);
}

TEST_F(Http2Time, LetsASlowUploadLive) {
  options_.limits.progress_window = 500ms;
  options_.limits.minimum_bytes_per_second = 10;
  options_.limits.body_stall_time = 2000ms;
  options_.limits.header_time = 300ms;
  options_.limits.idle_time = 300ms;
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/echo", {}, true);
  for (int i = 0; i < 40; ++i) {
    client.more(id, std::string(20, 'x'));
    std::this_thread::sleep_for(30ms);
  }
  client.end(id);
  EXPECT_EQ(client.receive(id).body.size(), 800U);
}

TEST_F(Http2Time, RefusesMoreStreamsThanItSaid) {
  options_.limits.http2.stream_count = 3;
  Http2Client client = client2();
  ASSERT_EQ(client.ask("/").status, 200U);
  EXPECT_EQ(nghttp2_session_get_remote_settings(client.session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 3U);
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(client.get("/gate"));
  ASSERT_TRUE(eventually([this] { return site_.at_gate == 3; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(site_.at_gate, 3);
  site_.is_gate_open = true;
  for (const std::int32_t id : ids) EXPECT_EQ(client.receive(id).body, "passed");
}

TEST_F(Http2Time, ForgetsAHeadThatItRefused) {
  options_.limits.header_time = 300ms;
  options_.limits.http2.stream_count = 1;
  Http2Client client = client2();
  const std::int32_t first = client.get("/gate");
  ASSERT_TRUE(eventually([this] { return site_.at_gate == 1; }));
  client.reset(first);  // its handler runs on
  EXPECT_EQ(client.receive(client.get("/")).reset_code, static_cast<std::uint32_t>(NGHTTP2_REFUSED_STREAM));
  std::this_thread::sleep_for(1s);
  site_.is_gate_open = true;
  ASSERT_TRUE(eventually([this] { return site_.at_gate == 0; }));
  EXPECT_EQ(client.ask("/").status, 200U);
  EXPECT_EQ(timeouts("header"), 0U);
}

TEST_F(Http2Time, EndsWhenTheClientSaysGoodbye) {
  Http2Client client = client2();
  EXPECT_EQ(client.ask("/").status, 200U);
  nghttp2_submit_goaway(client.session(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
  const auto started = std::chrono::steady_clock::now();
  client.flush();
  EXPECT_FALSE(client.receive_until([] { return false; }));
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
}

TEST_F(Http2Time, RecordsSmallAnswersBesideALargeOne) {
  site_.file_size = 50'000'000;
  site_.file = counting_file(site_.file_size);
  Http2Client client = client2({.window = 20'000'000, .opens_windows = false});
  nghttp2_session_set_local_window_size(client.session(), NGHTTP2_FLAG_NONE, 0, 0x7fffffff);
  const std::int32_t large = client.get("/file");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ask("/").status, 200U);
  EXPECT_FALSE(client.answer(large).is_closed);
  EXPECT_TRUE(eventually([this] { return record_count() >= 10; }));  // the last may wait behind it
}

using Http2Drain = Http2Test;

TEST_F(Http2Drain, EndsIdleConnections) {
  Http2Client client = client2();
  EXPECT_EQ(client.ask("/").status, 200U);
  std::thread reader([&client] { client.receive_until([] { return false; }); });
  EXPECT_TRUE(server_->drain(10s));
  reader.join();
  EXPECT_EQ(client.goaway(), 0U);
}

TEST_F(Http2Drain, DoesNotWaitForAClientThatDoesNotAnswer) {
  Http2Client client = client2();
  EXPECT_EQ(client.ask("/").status, 200U);
  const auto started = std::chrono::steady_clock::now();
  EXPECT_TRUE(server_->drain(10s));
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
}

TEST_F(Http2Drain, LetsStreamsEnd) {
  Http2Client client = client2();
  const std::int32_t waiting = client.get("/gate");
  const std::int32_t reading = client.start("POST", "/echo", {}, true);
  ASSERT_TRUE(eventually([this] { return site_.calls == 2; }));
  std::thread opener([this] {
    std::this_thread::sleep_for(300ms);
    site_.is_gate_open = true;
  });
  bool ended_whole = false;
  std::thread drainer([&] { ended_whole = server_->drain(10s); });
  // Two words: that there will be an end, and where it is.
  ASSERT_TRUE(client.receive_until([&] { return client.goaway().has_value(); }));
  EXPECT_GT(client.last_stream(), reading);
  ASSERT_TRUE(client.receive_until([&] { return client.last_stream() == reading; }));
  client.end(reading, "the rest");
  EXPECT_EQ(client.receive(reading).body, "the rest");
  EXPECT_EQ(client.receive(waiting).body, "passed");
  client.receive_until([] { return false; });
  drainer.join();
  opener.join();
  EXPECT_TRUE(ended_whole);
}

TEST_F(Http2Drain, LeavesASlowClientTheTimeToTakeWhatIsOnItsWay) {
  options_.limits.drain_time = 100ms;
  site_.file_size = 3'000'000;
  site_.file = counting_file(site_.file_size);
  Http2Client client = client2({.window = 4'000'000});
  nghttp2_session_set_local_window_size(client.session(), NGHTTP2_FLAG_NONE, 0, 0x7fffffff);
  client.flush();
  const std::int32_t id = client.get("/file");
  bool ended_whole = false;
  ASSERT_TRUE(client.receive_until([&] { return client.answer(id).status == 200; }));
  std::thread drainer([&] { ended_whole = server_->drain(20s); });
  while (!client.answer(id).is_closed) {
    std::this_thread::sleep_for(20ms);
    nghttp2_submit_ping(client.session(), NGHTTP2_FLAG_NONE, nullptr);  // as slow clients do
    if (!client.receive_some()) break;
  }
  EXPECT_TRUE(client.answer(id).is_whole);
  EXPECT_EQ(client.answer(id).body.size(), 3'000'002U);
  client.receive_until([] { return false; });
  drainer.join();
  EXPECT_TRUE(ended_whole);
}

TEST_F(Http2Drain, CutsWhatTakesTooLong) {
  Http2Client client = client2();
  const std::int32_t id = client.start("POST", "/echo", {}, true);
  client.more(id, "abc");
  ASSERT_TRUE(eventually([this] { return site_.calls == 1; }));
  EXPECT_FALSE(server_->drain(50ms));
  EXPECT_EQ(client.receive(id).status, 0U);
}

}  // namespace
}  // namespace berth::http
