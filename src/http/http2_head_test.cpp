#include "http/http2_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace berth::http {
namespace {

using ::testing::ElementsAre;

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kTargetLimit = 1000;

Fields get(const std::string& path, const Fields& more = {}) {
  Fields fields = {{":method", "GET"}, {":scheme", "https"}, {":path", path}, {":authority", "h:5000"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

class Http2HeadTest : public ::testing::Test {
 protected:
  std::optional<HeadRefusal> look(const Fields& fields, EndOfStream end = EndOfStream::yes) {
    head_.clear();
    for (const auto& [name, value] : fields) head_.add(name, value);
    return head_.look(kTargetLimit, end, view_);
  }
  unsigned status(const Fields& fields, EndOfStream end = EndOfStream::yes) {
    const auto refusal = look(fields, end);
    if (refusal) return refusal->status;
    const auto made = make_request(view_);
    return made ? 200 : made.error().status;
  }
  Http2Request request(const Fields& fields, EndOfStream end = EndOfStream::yes) {
    EXPECT_FALSE(look(fields, end));
    return make_request(view_).value();
  }

  Http2Head head_{4096};
  Http2HeadView view_;
};

TEST_F(Http2HeadTest, MakesARequest) {
  const Http2Request made = request(get("/v2/a%20b/?n=5", {{"accept", "x/y"}, {"accept", "z"}, {"user-agent", "t"}}));
  const Request& request = made.request;
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.method_text, "GET");
  EXPECT_EQ(request.target, "/v2/a%20b/?n=5");
  EXPECT_THAT(request.path.segments, ElementsAre("v2", "a b"));
  EXPECT_TRUE(request.path.has_trailing_slash);
  EXPECT_EQ(request.query.find("n"), "5");
  EXPECT_EQ(request.host, "h:5000");
  EXPECT_EQ(request.headers.find("Host"), "h:5000");
  EXPECT_THAT(request.headers.find_all("Accept"), ElementsAre("x/y", "z"));
  EXPECT_EQ(request.http_major, 2U);
  EXPECT_EQ(request.http_minor, 0U);
  EXPECT_EQ(request.content_length, 0U);
  EXPECT_FALSE(made.is_for_server);
}

TEST_F(Http2HeadTest, TellsASimpleReadFromOneThatNeedsWork) {
  EXPECT_FALSE(look(get("/")));
  EXPECT_TRUE(view_.is_simple_read);
  for (const char* name : {"range", "if-match", "if-none-match", "if-modified-since", "if-range"}) {
    EXPECT_FALSE(look(get("/", {{name, "x"}})));
    EXPECT_FALSE(view_.is_simple_read) << name;
  }
  EXPECT_FALSE(look(get("/"), EndOfStream::no));
  EXPECT_FALSE(view_.is_simple_read);
  Fields put = get("/");
  put[0].second = "PUT";
  EXPECT_FALSE(look(put));
  EXPECT_FALSE(view_.is_simple_read);
}

TEST_F(Http2HeadTest, TakesTheLengthOfTheBody) {
  EXPECT_EQ(request(get("/", {{"content-length", "17"}}), EndOfStream::no).request.content_length, 17U);
  EXPECT_EQ(request(get("/"), EndOfStream::no).request.content_length, std::nullopt);
  EXPECT_EQ(status(get("/", {{"content-length", "1x"}}), EndOfStream::no), 400U);
}

TEST_F(Http2HeadTest, TakesTheHostFromEitherField) {
  Fields fields = get("/", {{"host", "other"}});
  fields.erase(fields.begin() + 3);
  EXPECT_EQ(request(fields).request.host, "other");
  EXPECT_EQ(status(get("/", {{"host", "H:5000"}})), 200U);
  EXPECT_EQ(status(get("/", {{"host", "other"}})), 400U);
  EXPECT_EQ(status(get("/", {{"host", "h:5000"}, {"host", "h:5000"}})), 400U);
  fields = get("/");
  for (const char* bad : {"user@h", "h/x", "h:port", "h h"}) {
    fields[3].second = bad;
    EXPECT_EQ(status(fields), 400U) << bad;
  }
}

TEST_F(Http2HeadTest, RefusesWhatNoHandlerShouldSee) {
  EXPECT_EQ(status(get("/a//b")), 404U);
  EXPECT_EQ(status(get("/a/../b")), 404U);
  EXPECT_EQ(status(get("/a%2Fb")), 404U);
  EXPECT_EQ(status(get("/%zz")), 400U);
  EXPECT_EQ(status(get("http://h/x")), 400U);
  EXPECT_EQ(status(get("*")), 400U);
  EXPECT_EQ(status(get("/" + std::string(kTargetLimit, 'a'))), 414U);
  EXPECT_EQ(status(get("/", {{"expect", "wonders"}})), 417U);
  Fields fields = get("/");
  fields[1].second = "gopher";
  EXPECT_EQ(status(fields), 400U);
  fields = get("/");
  fields.erase(fields.begin() + 2);  // as CONNECT has it
  EXPECT_EQ(status(fields), 400U);
}

TEST_F(Http2HeadTest, SaysWhatWasRefused) {
  const auto refusal = look(get("/", {{"expect", "wonders"}}));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->method, "GET");
  EXPECT_EQ(refusal->target, "/");
}

TEST_F(Http2HeadTest, CountsWhatItDoesNotKeep) {
  EXPECT_EQ(status(get("/", {{"a", std::string(3000, 'x')}})), 200U);
  EXPECT_EQ(status(get("/", {{"a", std::string(5000, 'x')}})), 431U);
  Fields many = get("/");
  for (int i = 0; i < 200; ++i) many.emplace_back("a", "");
  EXPECT_EQ(status(many), 431U);
  EXPECT_GT(head_.list_bytes(), 200U * 33U);
}

TEST_F(Http2HeadTest, AnswersForTheServerItself) {
  Fields fields = get("*");
  fields[0].second = "OPTIONS";
  EXPECT_TRUE(request(fields).is_for_server);
}

TEST_F(Http2HeadTest, JoinsCookies) {
  const Http2Request made = request(get("/", {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}}));
  EXPECT_THAT(made.request.headers.find_all("Cookie"), ElementsAre("a=1; b=2"));
}

TEST_F(Http2HeadTest, WaitsForABodyOnlyIfThereIsOne) {
  EXPECT_FALSE(look(get("/", {{"expect", "100-continue"}}), EndOfStream::no));
  EXPECT_TRUE(view_.expects_continue);
  EXPECT_FALSE(look(get("/", {{"expect", "100-Continue"}})));
  EXPECT_FALSE(view_.expects_continue);
}

}  // namespace
}  // namespace berth::http
