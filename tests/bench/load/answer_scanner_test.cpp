#include "tests/bench/load/answer_scanner.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace berth::bench {
namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: a\r\ncontent-LENGTH: 5\r\nDate: now\r\n\r\nhello";

AnswerScanner expecting(std::uint64_t body_bytes, bool has_body = true) {
  AnswerScanner scanner;
  scanner.expect(body_bytes, has_body);
  return scanner;
}

TEST(AnswerScanner, FindsTheEndOfAnAnswerThatComesAtOnce) {
  AnswerScanner scanner = expecting(5);
  EXPECT_TRUE(scanner.take(kAnswer));
  EXPECT_TRUE(scanner.is_as_expected());
  EXPECT_EQ(scanner.body_bytes_seen(), 5U);
}

TEST(AnswerScanner, FindsTheEndWhereverAnAnswerIsCutInTwo) {
  for (std::size_t cut = 1; cut < kAnswer.size(); ++cut) {
    AnswerScanner scanner = expecting(5);
    EXPECT_FALSE(scanner.take(kAnswer.substr(0, cut))) << cut;
    EXPECT_TRUE(scanner.take(kAnswer.substr(cut))) << cut;
    EXPECT_TRUE(scanner.is_as_expected());
  }
}

TEST(AnswerScanner, EndsAnAnswerToHeadWithItsHead) {
  AnswerScanner scanner = expecting(5, false);
  EXPECT_TRUE(scanner.take(kAnswer.substr(0, kAnswer.size() - 5)));
  EXPECT_TRUE(scanner.is_as_expected());
}

TEST(AnswerScanner, SeesAnotherStatusAndAnotherLength) {
  AnswerScanner scanner = expecting(6);
  EXPECT_TRUE(scanner.take(kAnswer));
  EXPECT_FALSE(scanner.is_as_expected());
  EXPECT_TRUE(scanner.bad_head().starts_with("HTTP/1.1 200"));

  scanner.expect(kAnyLength, true);
  EXPECT_TRUE(scanner.take("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(scanner.is_as_expected());

  scanner.expect(kAnyLength, true);
  EXPECT_TRUE(scanner.take(kAnswer));
  EXPECT_TRUE(scanner.is_as_expected());
}

TEST(AnswerScanner, ThrowsAtWhatIsNoAnswer) {
  EXPECT_THROW(expecting(5).take(std::string(kAnswer) + "more"), std::runtime_error);
  EXPECT_THROW(expecting(5).take("HTTP/1.1 200 OK\r\nDate: now\r\n\r\n"), std::runtime_error);
  EXPECT_THROW(expecting(5).take("SSH-2.0\r\n\r\n"), std::runtime_error);
  EXPECT_THROW(expecting(5).take(std::string(70'000, 'x')), std::runtime_error);
}

}  // namespace
}  // namespace berth::bench
