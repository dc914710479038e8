#include "http/response_head.h"

#include <gtest/gtest.h>

#include "http/loop.h"
#include "http/progress_meter.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;

TEST(AppendResponseHead, WritesStatusFieldsAndFraming) {
  Response response = Response::text(404, "text/plain", "no\n");
  response.headers.add("Link", "</x>; rel=\"next\"");
  std::string out;
  ASSERT_TRUE(append_response_head(out, response, {.content_length = 3, .date = "today", .request_id = "id"}));
  EXPECT_EQ(out,
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nLink: </x>; rel=\"next\"\r\nContent-Length: 3\r\n"
            "Date: today\r\nX-Request-Id: id\r\n\r\n");
}

TEST(AppendResponseHead, LeavesTheConnectionsFieldsToTheConnection) {
  Response response = Response::empty(202);
  for (const char* name : {"content-length", "Connection", "Transfer-Encoding", "date", "X-REQUEST-ID"}) {
    response.headers.add(name, "handler");
  }
  std::string out;
  ASSERT_TRUE(append_response_head(out, response, {.is_chunked = true, .is_last = true}));
  EXPECT_EQ(out.find("handler"), std::string::npos);
  EXPECT_NE(out.find("Transfer-Encoding: chunked\r\nConnection: close\r\n"), std::string::npos);
}

TEST(AppendResponseHead, RefusesToSplitAnAnswer) {
  for (const char* value : {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\x01", "a\x7f"}) {
    Response response = Response::empty(200);
    response.headers.add("Location", value);
    std::string out = "before";
    EXPECT_FALSE(append_response_head(out, response, {})) << value;
    EXPECT_EQ(out, "before");
  }
  Response response = Response::empty(200);
  response.headers.add("A b", "c");
  std::string out;
  EXPECT_FALSE(append_response_head(out, response, {}));
  EXPECT_FALSE(append_response_head(out, Response::empty(100), {}));
  EXPECT_FALSE(append_response_head(out, Response::empty(1000), {}));
}

TEST(HttpDate, IsInTheFormOfRfc9110) {
  const auto date_of = [](std::int64_t second) {
    std::string text;
    append_http_date(text, second);
    return text;
  };
  EXPECT_EQ(date_of(784'887'151), "Tue, 15 Nov 1994 08:12:31 GMT");
  EXPECT_EQ(date_of(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date_of(1'709'164'800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(ProgressMeter, LetsASlowUploadLive) {
  ProgressMeter meter(256, 30s);
  for (int second = 0; second < 300; ++second) EXPECT_TRUE(meter.add(1s, 257));
}

TEST(ProgressMeter, EndsATrickle) {
  ProgressMeter meter(256, 30s);
  for (int second = 0; second < 29; ++second) EXPECT_TRUE(meter.add(1s, 1));
  EXPECT_FALSE(meter.add(1s, 1));
}

TEST(ProgressMeter, CountsWaitingOnly) {
  ProgressMeter meter(256, 30s);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(meter.add(0s, 1));
}

}  // namespace
}  // namespace berth::http
