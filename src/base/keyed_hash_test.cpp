#include "base/keyed_hash.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

#include "base/hex.h"

namespace berth {
namespace {

std::string hex_of(const KeyedHash::Value& value) {
  return to_hex(std::as_bytes(std::span(value)));
}

// The reference implementation's vectors (vectors.h, vectors_sip128): key 00..0f, message 00 01 02 ... of a length. The
// purpose is the message's last byte.
TEST(KeyedHash, IsSipHashWith128Bits) {
  const KeyedHash hash(0x0706050403020100U, 0x0f0e0d0c0b0a0908U);
  std::string message;
  for (char c = 0; c < 15; ++c) message += c;
  const auto of_length = [&](std::size_t length) {
    return hex_of(hash.of(static_cast<std::uint8_t>(length - 1), std::string_view(message).substr(0, length - 1)));
  };
  EXPECT_EQ(of_length(1), "da87c1d86b99af44347659119b22fc45");
  EXPECT_EQ(of_length(2), "8177228da4a45dc7fca38bdef60affe4");
  EXPECT_EQ(of_length(8), "3b62a9ba6258f5610f83e264f31497b4");
  EXPECT_EQ(of_length(15), "5493e99933b0a8117e08ec0f97cfc3d9");
}

TEST(KeyedHash, DependsOnKeyPurposeAndEveryByte) {
  SystemEntropy entropy;
  const KeyedHash one(entropy);
  const KeyedHash other(entropy);
  EXPECT_NE(one.of(1, "secret"), other.of(1, "secret"));
  EXPECT_NE(one.of(1, "secret"), one.of(2, "secret"));
  EXPECT_EQ(one.of(1, "secret"), one.of(1, "secret"));
  std::set<KeyedHash::Value> seen;
  for (std::size_t length = 0; length < 40; ++length) {
    EXPECT_TRUE(seen.insert(one.of(0, std::string(length, '\0'))).second) << length;
  }
}

}  // namespace
}  // namespace berth
