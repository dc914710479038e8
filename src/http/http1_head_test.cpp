#include "http/http1_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::http {
namespace {

using ::testing::ElementsAre;

std::expected<RequestHead, HeadRefusal> parse_request(std::string_view text, std::size_t target_limit) {
  HeadView view;
  if (auto refusal = parse_head(text, target_limit, view)) return std::unexpected(std::move(*refusal));
  return make_request(view);
}

RequestHead accepted(std::string_view text) {
  auto head = parse_request(text, 8192);
  EXPECT_TRUE(head) << text << (head ? std::string_view() : head.error().reason);
  return head ? std::move(*head) : RequestHead();
}

unsigned refusal(std::string_view text) {
  const auto head = parse_request(text, 100);
  return head ? 0 : head.error().status;
}

/// A request with these lines between its Host and its end.
std::string with(std::string_view lines, std::string_view version = "1.1") {
  return "PUT /x HTTP/" + std::string(version) + "\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

TEST(HeadFinder, FindsTheEndInBytesThatComeOneByOne) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  HeadFinder finder;
  for (std::size_t i = 1; i < text.size(); ++i) {
    EXPECT_EQ(finder.look(std::string_view(text).substr(0, i)), HeadFinder::State::incomplete) << i;
  }
  EXPECT_EQ(finder.look(text + "rest"), HeadFinder::State::complete);
  EXPECT_EQ(finder.size(), text.size());
}

TEST(HeadFinder, RefusesBareLineFeedsAndFoldedLines) {
  for (const char* text : {"\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nHost: a\n\r\n",
                           "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\n\tc\r\n\r\n"}) {
    HeadFinder finder;
    EXPECT_EQ(finder.look(text), HeadFinder::State::malformed) << text;
  }
}

TEST(ParseHead, ReadsARequest) {
  const RequestHead head =
      accepted("GET /v2/a?n=1 HTTP/1.1\r\nHost: h:5000\r\nAccept: a\r\naccept: b\r\nX-Empty:\r\n\r\n");
  EXPECT_EQ(head.request.method, Method::get);
  EXPECT_EQ(head.request.target, "/v2/a?n=1");
  EXPECT_EQ(head.request.host, "h:5000");
  EXPECT_EQ(head.request.http_minor, 1U);
  EXPECT_THAT(head.request.headers.find_all("ACCEPT"), ElementsAre("a", "b"));
  EXPECT_EQ(head.request.headers.find("X-Empty"), "");
  EXPECT_EQ(head.framing, BodyFraming::none);
  EXPECT_EQ(head.request.content_length, 0U);
  EXPECT_TRUE(head.is_keep_alive);
}

TEST(ParseHead, KnowsTheMethods) {
  EXPECT_EQ(accepted("DELETE / HTTP/1.1\r\nHost:\r\n\r\n").request.method, Method::del);
  EXPECT_EQ(accepted("get / HTTP/1.1\r\nHost:\r\n\r\n").request.method, Method::other);
  EXPECT_EQ(accepted("PURGE / HTTP/1.1\r\nHost:\r\n\r\n").request.method_text, "PURGE");
}

TEST(ParseHead, RefusesMalformedLines) {
  for (const char* text :
       {"GET\r\n\r\n", "GET / \r\n\r\n", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "GET / HTTP/1.1\r\n: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA: b\x01\r\n\r\n",
        "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", "GET * HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    EXPECT_NE(refusal(text), 0U) << text;
    EXPECT_LT(refusal(text), 506U) << text;
  }
  EXPECT_EQ(refusal("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505U);
  EXPECT_EQ(refusal("GET / HTTP/0.9\r\n\r\n"), 505U);
}

TEST(ParseHead, WantsExactlyOneHost) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.0\r\n\r\n"), 0U);
  EXPECT_EQ(accepted("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n").request.host, "b");
}

TEST(ParseHead, RefusesBodiesOfTwoLengths) {
  for (const char* lines :
       {"Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: 1\r\nContent-Length: 1\r\n",
        "Content-Length: 1, 1\r\n", "Content-Length: +1\r\n", "Content-Length: -1\r\n", "Content-Length: 0x1\r\n",
        "Content-Length: 1 1\r\n", "Content-Length:\r\n", "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"}) {
    EXPECT_EQ(refusal(with(lines)), 400U) << lines;
  }
  for (const char* lines :
       {"Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: identity\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked;a=b\r\n"}) {
    EXPECT_EQ(refusal(with(lines)), 501U) << lines;
  }
  EXPECT_EQ(refusal(with("Transfer-Encoding: chunked\r\n", "1.0")), 400U);
  EXPECT_EQ(refusal(with("Transfer-Encoding : chunked\r\n")), 400U);
}

TEST(ParseHead, FindsTheBodysLength) {
  const RequestHead fixed = accepted(with("Content-Length: 12345678901\r\n"));
  EXPECT_EQ(fixed.framing, BodyFraming::fixed);
  EXPECT_EQ(fixed.body_length, 12345678901U);
  EXPECT_EQ(fixed.request.content_length, 12345678901U);
  const RequestHead chunked = accepted(with("Transfer-Encoding: Chunked\r\n"));
  EXPECT_EQ(chunked.framing, BodyFraming::chunked);
  EXPECT_EQ(chunked.request.content_length, std::nullopt);
}

TEST(ParseHead, FindsWhetherTheConnectionStays) {
  EXPECT_FALSE(accepted(with("Connection: foo, Close\r\n")).is_keep_alive);
  EXPECT_FALSE(accepted(with("Connection: foo\r\nConnection: close\r\n")).is_keep_alive);
  EXPECT_TRUE(accepted(with("Connection: closed\r\n")).is_keep_alive);
  EXPECT_FALSE(accepted(with("", "1.0")).is_keep_alive);
  EXPECT_TRUE(accepted(with("Connection: Keep-Alive\r\n", "1.0")).is_keep_alive);
}

TEST(ParseHead, KnowsOneExpectationOnly) {
  EXPECT_TRUE(accepted(with("Content-Length: 1\r\nExpect: 100-Continue\r\n")).expects_continue);
  EXPECT_FALSE(accepted(with("Expect: 100-continue\r\n")).expects_continue);
  EXPECT_EQ(refusal(with("Expect: 200-ok\r\n")), 417U);
  EXPECT_EQ(refusal(with("Expect: 200-ok\r\n", "1.0")), 0U);
}

TEST(ParseHead, RefusesLongTargets) {
  EXPECT_EQ(refusal("GET /" + std::string(99, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 0U);
  EXPECT_EQ(refusal("GET /" + std::string(100, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 414U);
}

}  // namespace
}  // namespace berth::http
