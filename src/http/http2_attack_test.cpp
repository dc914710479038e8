// What hostile clients of HTTP/2 are known to do. Each must leave the server serving others, within its limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/http2_test_client.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kCalm = NGHTTP2_ENHANCE_YOUR_CALM;
constexpr std::uint32_t kProtocol = NGHTTP2_PROTOCOL_ERROR;
constexpr unsigned kWholeRequest = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM;

class Http2Attack : public Http2Test {
 protected:
  std::uint64_t floods(const char* kind) { return counter("berth_http2_floods_total", {{"kind", kind}}); }
  /// Sends `attack(i)` until the server has had enough; the code of its GOAWAY.
  template <class Attack>
  std::optional<std::uint32_t> repeat(RawHttp2Client& client, int times, Attack attack) {
    std::string bytes;
    for (int i = 0; i < times; ++i) bytes += attack(i);
    std::thread sender([&] { client.send(bytes); });
    const auto code = client.goaway();
    ::shutdown(client.raw().fd(), SHUT_RDWR);
    sender.join();
    return code;
  }
  void TearDown() override {
    site_.is_gate_open = true;
    EXPECT_EQ(client2().ask("/").status, 200U);  // others are served all the same
    EXPECT_TRUE(eventually([this] { return metrics_.gauge("berth_http_connections", "").value() <= 1; }));
    Http2Test::TearDown();
  }
};

std::uint32_t stream_of(int i) {
  return static_cast<std::uint32_t>(2 * i + 1);
}

TEST_F(Http2Attack, RapidReset) {
  options_.limits.http2.reset_burst = 100;
  options_.limits.http2.stream_count = 20;
  RawHttp2Client client = raw_client();
  const auto code = repeat(client, 5000, [](int i) {
    return raw_frame(NGHTTP2_HEADERS, kWholeRequest, stream_of(i), raw_head("GET", "/gate")) +
           raw_frame(NGHTTP2_RST_STREAM, 0, stream_of(i), number_bytes(NGHTTP2_CANCEL));
  });
  EXPECT_EQ(code, kCalm);
  EXPECT_EQ(floods("resets"), 1U);
  EXPECT_LE(site_.calls, 20);  // handlers of streams that are gone count as streams
}

TEST_F(Http2Attack, ResetsThatItMakesUsSend) {
  // CVE-2025-8671: the client breaks a rule of the stream instead of breaking it off itself.
  options_.limits.http2.reset_burst = 100;
  RawHttp2Client client = raw_client();
  const auto code = repeat(client, 5000, [](int i) {
    return raw_frame(NGHTTP2_HEADERS, kWholeRequest, stream_of(i), raw_head("GET", "/gate")) +
           raw_frame(NGHTTP2_WINDOW_UPDATE, 0, stream_of(i), number_bytes(0));
  });
  ASSERT_TRUE(code);
  EXPECT_LE(site_.calls, 300);
}

TEST_F(Http2Attack, MalformedRequestsWithoutEnd) {
  options_.limits.http2.reset_burst = 100;
  RawHttp2Client client = raw_client();
  const auto code = repeat(client, 5000, [](int i) {
    return raw_frame(NGHTTP2_HEADERS, kWholeRequest, stream_of(i), raw_head("GET", "/") + raw_field("te", "x"));
  });
  EXPECT_EQ(code, kCalm);
  EXPECT_EQ(floods("resets"), 1U);
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http2Attack, MoreStreamsThanAllowed) {
  options_.limits.http2.stream_count = 10;
  RawHttp2Client client = raw_client();
  client.get(1, "/");
  ASSERT_TRUE(client.next(NGHTTP2_DATA));
  client.send(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0);
  const auto code = repeat(client, 5000, [](int i) {
    return raw_frame(NGHTTP2_HEADERS, kWholeRequest, stream_of(i + 1), raw_head("GET", "/gate"));
  });
  EXPECT_EQ(code, kProtocol);
  EXPECT_LE(site_.calls, 11);
}

TEST_F(Http2Attack, MoreStreamsThanAllowedBeforeItKnows) {
  options_.limits.http2.stream_count = 10;
  RawHttp2Client client = raw_client();
  for (int i = 0; i < 15; ++i) client.get(stream_of(i), "/gate");
  for (int i = 10; i < 15; ++i) {
    const auto refused = client.next(NGHTTP2_RST_STREAM);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->stream, stream_of(i));
    EXPECT_EQ(refused->number_at(0), static_cast<std::uint32_t>(NGHTTP2_REFUSED_STREAM));
  }
  EXPECT_EQ(counter("berth_http2_streams_refused_total"), 5U);
}

TEST_F(Http2Attack, ContinuationsWithoutEnd) {
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, raw_head("GET", "/"));
  const auto code = repeat(client, 5000, [](int) { return raw_frame(NGHTTP2_CONTINUATION, 0, 1); });
  EXPECT_EQ(code, kCalm);
  EXPECT_EQ(floods("frames"), 1U);
}

TEST_F(Http2Attack, ContinuationsWithFields) {
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, raw_head("GET", "/"));
  std::string fields;
  for (int i = 0; i < 150; ++i) fields += raw_field("a", std::string(100, 'b'));
  const auto code = repeat(client, 1000, [&](int) { return raw_frame(NGHTTP2_CONTINUATION, 0, 1, fields); });
  EXPECT_EQ(code, kCalm);
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http2Attack, AHeadThatUnfolds) {
  // HPACK: a field put into the table once and named by one byte ever after.
  RawHttp2Client client = raw_client();
  const std::string value(120, 'v');
  std::string head = raw_head("GET", "/");
  head += std::string(
              "\x40\x01"
              "a",
              3) +
          static_cast<char>(value.size()) + value;
  head += std::string(16'000, '\xbe');
  client.send(NGHTTP2_HEADERS, kWholeRequest, 1, head);
  EXPECT_EQ(client.goaway(), kCalm);
  EXPECT_EQ(floods("head"), 1U);
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http2Attack, Pings) {
  options_.limits.http2.ping_burst = 200;
  RawHttp2Client client = raw_client();
  const auto code = repeat(client, 5000, [](int) { return raw_frame(NGHTTP2_PING, 0, 0, "12345678"); });
  EXPECT_EQ(code, kCalm);
  EXPECT_EQ(floods("pings"), 1U);
}

TEST_F(Http2Attack, PingsWhoseAnswersNobodyReads) {
  // Memory would grow with answers that wait.
  options_.limits.http2.ping_burst = 100'000'000;
  options_.limits.write_stall_time = 60s;
  RawHttp2Client client = raw_client();
  std::string pings;
  for (int i = 0; i < 10'000; ++i) pings += raw_frame(NGHTTP2_PING, 0, 0, "12345678");
  bool is_sent = true;
  for (int i = 0; i < 1000 && is_sent; ++i) is_sent = client.send(pings);
  EXPECT_FALSE(is_sent);
  EXPECT_EQ(floods("frames"), 1U);
}

TEST_F(Http2Attack, AnswersToPingsThatNobodySent) {
  options_.limits.http2.ping_burst = 200;
  RawHttp2Client client = raw_client();
  const auto code = repeat(client, 5000, [](int) { return raw_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678"); });
  EXPECT_EQ(code, kCalm);
}

TEST_F(Http2Attack, Settings) {
  options_.limits.http2.settings_burst = 50;
  RawHttp2Client client = raw_client();
  const auto code = repeat(client, 5000, [](int i) {
    return raw_frame(NGHTTP2_SETTINGS, 0, 0, number_bytes(4, 2) + number_bytes(static_cast<std::uint32_t>(i)));
  });
  EXPECT_EQ(code, kCalm);
  EXPECT_EQ(floods("settings"), 1U);
}

TEST_F(Http2Attack, EmptyData) {
  options_.limits.http2.idle_frame_burst = 500;
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, raw_head("POST", "/echo"));
  const auto code = repeat(client, 50'000, [](int) { return raw_frame(NGHTTP2_DATA, 0, 1); });
  EXPECT_EQ(code, kCalm);
  EXPECT_EQ(floods("frames"), 1U);
}

TEST_F(Http2Attack, AMalformedFrameBehindAFlood) {
  // What is left of a packet after the client was sent away must be harmless, whatever it is.
  options_.limits.http2.idle_frame_burst = 100;
  const std::vector<std::string> frames = {raw_frame(NGHTTP2_PING, 0, 0),
                                           raw_frame(NGHTTP2_SETTINGS, 0, 0, "x"),
                                           raw_frame(NGHTTP2_RST_STREAM, 0, 1, "x"),
                                           raw_frame(NGHTTP2_WINDOW_UPDATE, 0, 1, "x"),
                                           raw_frame(NGHTTP2_GOAWAY, 0, 0, "x"),
                                           raw_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_PRIORITY, 3, "x"),
                                           raw_frame(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1),
                                           std::string("\xff\xff\xff\0\0\0\0\0\1", 9)};
  for (const std::string& malformed : frames) {
    RawHttp2Client client = raw_client();
    std::string bytes = raw_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, raw_head("POST", "/echo"));
    for (int i = 0; i < 105; ++i) bytes += raw_frame(NGHTTP2_DATA, 0, 1);
    client.send(bytes + malformed);
    EXPECT_NE(client.goaway().value_or(0), 0U);
  }
}

TEST_F(Http2Attack, DataOfPaddingAlone) {
  options_.limits.http2.idle_frame_burst = 500;
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, raw_head("POST", "/echo"));
  const auto code = repeat(
      client, 50'000, [](int) { return raw_frame(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, std::string("\x02\0\0", 3)); });
  EXPECT_EQ(code, kCalm);
}

TEST_F(Http2Attack, WindowUpdates) {
  options_.limits.http2.idle_frame_burst = 500;
  RawHttp2Client client = raw_client();
  const auto code = repeat(client, 50'000, [](int) { return raw_frame(NGHTTP2_WINDOW_UPDATE, 0, 0, number_bytes(1)); });
  EXPECT_EQ(code, kCalm);
}

TEST_F(Http2Attack, WindowsOfOneByte) {
  // Each byte costs a frame, so the client must not ask for more of them than it pays for.
  options_.limits.http2.idle_frame_burst = 1000;
  site_.file_size = 1'000'000;
  site_.file = counting_file(site_.file_size);
  RawHttp2Client client = raw_client(number_bytes(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + number_bytes(1));
  std::string open;
  for (std::uint32_t i = 0; i < 100; ++i) {
    client.get(stream_of(static_cast<int>(i)), "/file");
    open += raw_frame(NGHTTP2_WINDOW_UPDATE, 0, stream_of(static_cast<int>(i)), number_bytes(1));
  }
  std::size_t bytes = 0;
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(client.send(open));
    for (int i = 0; i < 100; ++i) {
      const auto data = client.next(NGHTTP2_DATA);
      ASSERT_TRUE(data);
      bytes += data->payload.size();
    }
  }
  EXPECT_GE(bytes, 2000U);
  EXPECT_EQ(floods("frames"), 0U);
}

TEST_F(Http2Attack, AWindowThatOverflows) {
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_WINDOW_UPDATE, 0, 0, number_bytes(0x7fffffff));
  EXPECT_EQ(client.goaway(), static_cast<std::uint32_t>(NGHTTP2_FLOW_CONTROL_ERROR));
}

TEST_F(Http2Attack, MoreBodyThanItsWindow) {
  options_.limits.http2.stream_window_bytes = 65'535;
  options_.limits.http2.connection_window_bytes = 65'535;
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, raw_head("POST", "/gate"));
  const std::string piece(16'384, 'x');
  const auto code = repeat(client, 10, [&](int) { return raw_frame(NGHTTP2_DATA, 0, 1, piece); });
  EXPECT_EQ(code, static_cast<std::uint32_t>(NGHTTP2_FLOW_CONTROL_ERROR));
}

TEST_F(Http2Attack, FramesThatAreTooLarge) {
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, raw_head("POST", "/echo"));
  client.send(NGHTTP2_DATA, 0, 1, std::string(16'385, 'x'));
  EXPECT_EQ(client.goaway(), static_cast<std::uint32_t>(NGHTTP2_FRAME_SIZE_ERROR));
}

TEST_F(Http2Attack, FramesOnStreamsThatAreClosed) {
  RawHttp2Client client = raw_client();
  client.get(1, "/");
  ASSERT_TRUE(client.next(NGHTTP2_DATA));
  client.send(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "late");
  client.send(NGHTTP2_WINDOW_UPDATE, 0, 1, number_bytes(1));
  client.send(NGHTTP2_RST_STREAM, 0, 1, number_bytes(NGHTTP2_CANCEL));
  client.send(NGHTTP2_HEADERS, kWholeRequest, 1, raw_head("GET", "/"));
  client.get(3, "/");
  // Ignored, or the end of the connection; never a second answer.
  const auto data = client.next(NGHTTP2_DATA);
  if (data) EXPECT_EQ(data->stream, 3U);
  EXPECT_LE(site_.calls, 2);
}

TEST_F(Http2Attack, FramesOnStreamsThatNeverWere) {
  const std::vector<std::string> frames = {
      raw_frame(NGHTTP2_DATA, 0, 7, "x"),
      raw_frame(NGHTTP2_RST_STREAM, 0, 7, number_bytes(0)),
      raw_frame(NGHTTP2_WINDOW_UPDATE, 0, 7, number_bytes(1)),
      raw_frame(NGHTTP2_DATA, 0, 0, "x"),
      raw_frame(NGHTTP2_HEADERS, kWholeRequest, 0, raw_head("GET", "/")),
      raw_frame(NGHTTP2_HEADERS, kWholeRequest, 2, raw_head("GET", "/")),
      raw_frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, raw_head("GET", "/")),
      raw_frame(NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, number_bytes(2))};
  for (const std::string& frame : frames) {
    RawHttp2Client client = raw_client();
    client.send(frame);
    const auto code = client.goaway();
    ASSERT_TRUE(code) << static_cast<int>(frame[3]);
    EXPECT_EQ(code, kProtocol);
  }
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http2Attack, AHeadThatIsNotHpack) {
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, kWholeRequest, 1, std::string(10, '\xff'));
  EXPECT_EQ(client.goaway(), static_cast<std::uint32_t>(NGHTTP2_COMPRESSION_ERROR));
}

TEST_F(Http2Attack, AFrameInTheMiddleOfAHead) {
  RawHttp2Client client = raw_client();
  client.send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, raw_head("GET", "/"));
  client.send(NGHTTP2_PING, 0, 0, "12345678");
  EXPECT_EQ(client.goaway(), kProtocol);
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http2Attack, ABadPreface) {
  for (const char* bytes : {"PRI * HTTP/2.0\r\n\r\nSM\r\n\rx", "PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\n\r\n"}) {
    RawClient client = this->client();
    client.send(bytes);
    client.end_sending();
    while (client.receive_some()) {
    }
    EXPECT_EQ(client.take_received().find("HTTP/1"), std::string::npos);
  }
  RawClient no_settings = client();
  no_settings.send(std::string(RawHttp2Client::kPreface) + raw_frame(NGHTTP2_PING, 0, 0, "12345678"));
  while (no_settings.receive_some()) {
  }
  EXPECT_EQ(site_.calls, 0);
}

TEST_F(Http2Attack, AnswersThatNobodyReads) {
  // Heads and resets would wait without end; the write stall ends it, or the frames that wait do.
  options_.limits.write_stall_time = 1s;
  options_.limits.http2.stream_count = 100'000;
  options_.limits.http2.reset_burst = 100'000'000;
  RawHttp2Client client = raw_client();
  std::string requests;
  bool is_sent = true;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  for (int i = 0; is_sent && std::chrono::steady_clock::now() < deadline; ++i) {
    requests += raw_frame(NGHTTP2_HEADERS, kWholeRequest, stream_of(i), raw_head("GET", "/"));
    if (requests.size() < 100'000) continue;
    is_sent = client.send(requests);
    requests.clear();
  }
  EXPECT_FALSE(is_sent);
}

}  // namespace
}  // namespace berth::http
