#include "http/range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::http {
namespace {

using ::testing::ElementsAre;

std::vector<ByteRange> parts(std::string_view field, std::uint64_t size) {
  RangeSelection selection = select_ranges(field, size);
  EXPECT_EQ(selection.outcome, RangeOutcome::partial) << field;
  return selection.ranges;
}

RangeOutcome outcome(std::string_view field, std::uint64_t size) {
  return select_ranges(field, size).outcome;
}

TEST(SelectRanges, TakesOnePart) {
  EXPECT_THAT(parts("bytes=0-0", 10), ElementsAre(ByteRange{0, 1}));
  EXPECT_THAT(parts("bytes=2-5", 10), ElementsAre(ByteRange{2, 4}));
  EXPECT_THAT(parts("bytes=2-", 10), ElementsAre(ByteRange{2, 8}));
  EXPECT_THAT(parts("bytes=-3", 10), ElementsAre(ByteRange{7, 3}));
  EXPECT_THAT(parts("Bytes = 2 - 5 ", 10), ElementsAre(ByteRange{2, 4}));
}

TEST(SelectRanges, ClipsTheEnd) {
  EXPECT_THAT(parts("bytes=2-99999999999999999999999", 10), ElementsAre(ByteRange{2, 8}));
  EXPECT_THAT(parts("bytes=-999", 10), ElementsAre(ByteRange{0, 10}));
}

TEST(SelectRanges, IgnoresWhatItCannotRead) {
  for (const char* field : {"", "bytes", "bytes=", "bytes=,", "items=0-1", "bytes=a-b", "bytes=-", "bytes=1",
                            "bytes=1-2-3", "bytes=+1-2", "bytes=0-1,x"}) {
    EXPECT_EQ(outcome(field, 10), RangeOutcome::whole) << field;
  }
}

TEST(SelectRanges, CannotSatisfyWhatLiesOutside) {
  EXPECT_EQ(outcome("bytes=10-", 10), RangeOutcome::unsatisfiable);
  EXPECT_EQ(outcome("bytes=99999999999999999999999-", 10), RangeOutcome::unsatisfiable);
  EXPECT_EQ(outcome("bytes=-0", 10), RangeOutcome::unsatisfiable);
  EXPECT_EQ(outcome("bytes=10-11,20-", 10), RangeOutcome::unsatisfiable);
  EXPECT_EQ(outcome("bytes=5-2", 10), RangeOutcome::unsatisfiable);
}

TEST(SelectRanges, CannotSatisfyARangeOfNothing) {
  EXPECT_EQ(outcome("bytes=0-", 0), RangeOutcome::unsatisfiable);
  EXPECT_EQ(outcome("bytes=-1", 0), RangeOutcome::unsatisfiable);
}

TEST(SelectRanges, TakesSeveralPartsAndDropsThoseOutside) {
  EXPECT_THAT(parts("bytes=8-9, ,0-1,50-60", 10), ElementsAre(ByteRange{0, 2}, ByteRange{8, 2}));
}

TEST(SelectRanges, JoinsOverlappingAndTouchingParts) {
  EXPECT_THAT(parts("bytes=0-5,3-7,8-8", 10), ElementsAre(ByteRange{0, 9}));
  EXPECT_THAT(parts("bytes=0-9,2-3", 10), ElementsAre(ByteRange{0, 10}));
}

TEST(SelectRanges, IgnoresTooManyParts) {
  std::string field = "bytes=0-0";
  for (int i = 1; i < 32; ++i) field += "," + std::to_string(i * 2) + "-" + std::to_string(i * 2);
  EXPECT_EQ(parts(field, 1000).size(), 32U);
  EXPECT_EQ(outcome(field + ",900-901", 1000), RangeOutcome::whole);
}

TEST(ParseChunkRange, KnowsEveryForm) {
  const ChunkRange plain{0, 9, {}};
  EXPECT_EQ(parse_chunk_range("0-9"), plain);
  EXPECT_EQ(parse_chunk_range("bytes 0-9"), plain);
  EXPECT_EQ(parse_chunk_range("bytes=0-9"), plain);
  EXPECT_EQ(parse_chunk_range("bytes 0-9/*"), plain);
  EXPECT_EQ(parse_chunk_range("bytes 0-9/100"), (ChunkRange{0, 9, 100}));
  EXPECT_EQ(parse_chunk_range(" 5-5 ")->length(), 1U);
}

TEST(ParseChunkRange, RefusesTheRest) {
  for (const char* text : {"", "-", "0-", "-9", "9-0", "a-b", "0-9-", "bytes", "bytes */10", "0-9/9", "0-9/x", "0-9/",
                           "0-99999999999999999999999", "1.5-2"}) {
    EXPECT_EQ(parse_chunk_range(text), std::nullopt) << text;
  }
}

class RangedResponse : public ::testing::Test {
 protected:
  Response respond(std::string_view range) {
    request_.request_id = "id";
    if (!range.empty()) request_.headers.set("Range", std::string(range));
    return ranged_response(request_, {SharedBytes("0123456789"), "text/x", "tag"});
  }
  static std::string body(const Response& response) {
    std::string text;
    for (const ByteSource& piece : std::get<BodyPieces>(response.body)) text += piece.memory()->view();
    return text;
  }
  Request request_;
};

TEST_F(RangedResponse, SendsTheWhole) {
  const Response response = respond("");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(body(response), "0123456789");
  EXPECT_EQ(response.headers.find("Content-Type"), "text/x");
  EXPECT_EQ(response.headers.find("Accept-Ranges"), "bytes");
  EXPECT_EQ(response.headers.find("ETag"), "\"tag\"");
}

TEST_F(RangedResponse, SendsOnePart) {
  const Response response = respond("bytes=2-3");
  EXPECT_EQ(response.status, 206U);
  EXPECT_EQ(body(response), "23");
  EXPECT_EQ(response.headers.find("Content-Range"), "bytes 2-3/10");
  EXPECT_EQ(response.headers.find("Content-Type"), "text/x");
}

TEST_F(RangedResponse, SendsSeveralPartsAsMultipart) {
  const Response response = respond("bytes=0-1,8-9");
  EXPECT_EQ(response.status, 206U);
  EXPECT_EQ(response.headers.find("Content-Type"), "multipart/byteranges; boundary=berth-id");
  EXPECT_EQ(response.headers.find("Content-Range"), std::nullopt);
  EXPECT_EQ(body(response),
            "--berth-id\r\nContent-Type: text/x\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
            "\r\n--berth-id\r\nContent-Type: text/x\r\nContent-Range: bytes 8-9/10\r\n\r\n89"
            "\r\n--berth-id--\r\n");
}

TEST_F(RangedResponse, RefusesAPartOutside) {
  const Response response = respond("bytes=10-");
  EXPECT_EQ(response.status, 416U);
  EXPECT_EQ(response.headers.find("Content-Range"), "bytes */10");
}

TEST_F(RangedResponse, SendsTheWholeIfTheTagIsAnother) {
  request_.headers.set("If-Range", "\"other\"");
  EXPECT_EQ(respond("bytes=2-3").status, 200U);
  request_.headers.set("If-Range", "\"tag\"");
  EXPECT_EQ(respond("bytes=2-3").status, 206U);
}

TEST_F(RangedResponse, IgnoresRangesOfHead) {
  request_.method = Method::head;
  const Response response = respond("bytes=2-3");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(body(response), "0123456789");
}

}  // namespace
}  // namespace berth::http
