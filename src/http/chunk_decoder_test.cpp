#include "http/chunk_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace berth::http {
namespace {

struct Decoded {
  ChunkDecoder::State state;
  std::string data;
  std::size_t taken;
};

/// Feeds `text` in steps of `step` bytes.
Decoded decode(std::string_view text, std::size_t step = 1000) {
  ChunkDecoder decoder;
  Decoded decoded{};
  while (decoded.taken < text.size()) {
    const std::string_view next = text.substr(decoded.taken, step);
    std::size_t count = 0;
    if (decoder.state() == ChunkDecoder::State::framing) {
      count = decoder.feed(next);
    } else if (decoder.state() == ChunkDecoder::State::data) {
      count = static_cast<std::size_t>(std::min<std::uint64_t>(decoder.data_left(), next.size()));
      decoded.data += next.substr(0, count);
      decoder.took(count);
    } else {
      break;
    }
    decoded.taken += count;
  }
  decoded.state = decoder.state();
  return decoded;
}

TEST(ChunkDecoder, TakesTheCodingOff) {
  const std::string text = "5\r\nhello\r\nA;x=\"y\"\r\n, chunked \r\n000\r\nTrailer: a\r\nB: c\r\n\r\n";
  for (std::size_t step = 1; step < 12; ++step) {
    const Decoded decoded = decode(text + "GET", step);
    EXPECT_EQ(decoded.state, ChunkDecoder::State::done);
    EXPECT_EQ(decoded.data, "hello, chunked ");
    EXPECT_EQ(decoded.taken, text.size());
  }
}

TEST(ChunkDecoder, TakesAnEmptyBody) {
  EXPECT_EQ(decode("0\r\n\r\n").state, ChunkDecoder::State::done);
}

TEST(ChunkDecoder, WaitsForTheRest) {
  const std::string text = "3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto state = decode(std::string_view(text).substr(0, size)).state;
    EXPECT_TRUE(state == ChunkDecoder::State::framing || state == ChunkDecoder::State::data) << size;
  }
}

TEST(ChunkDecoder, RefusesWhatOthersReadOtherwise) {
  for (const char* text : {"\r\n", "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", ";a\r\n", "1\n", "1\rx", "1\r\nab",
                           "1\r\na\n", "1\r\na\rx", "1;a\nb\r\n", "0\r\n\n", "0\r\nA: b\n\r\n", "0\r\n A: b\r\n\r\n",
                           "0\r\n\rx", "1111111111111111\r\n"}) {
    EXPECT_EQ(decode(text).state, ChunkDecoder::State::malformed) << text;
  }
}

TEST(ChunkDecoder, EndsEndlessExtensionsAndTrailers) {
  EXPECT_EQ(decode("1;" + std::string(20'000, 'a')).state, ChunkDecoder::State::malformed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 5'000; ++i) trailers += "A: b\r\n";
  EXPECT_EQ(decode(trailers).state, ChunkDecoder::State::malformed);
}

}  // namespace
}  // namespace berth::http
