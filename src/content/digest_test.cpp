#include "content/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_set>

#include "base/failure.h"
#include "base/hex.h"

namespace berth {
namespace {

using ::testing::HasSubstr;

const std::string kHex256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const std::string kHex512 = std::string(126, '0') + "fa";

std::string refusal_of(std::string_view text) {
  const Result<Digest> digest = Digest::parse(text);
  if (digest) return "accepted";
  EXPECT_EQ(digest.error().code, ErrorCode::digest_invalid);
  return digest.error().message;
}

TEST(Digest, ParsesEveryRegisteredAlgorithmAndWritesItBack) {
  for (const std::string& text : {"sha256:" + kHex256, "sha512:" + kHex512}) {
    const Result<Digest> digest = Digest::parse(text);
    ASSERT_TRUE(digest) << text;
    EXPECT_EQ(digest->to_string(), text);
    EXPECT_EQ(std::string(digest->algorithm_name()) + ":" + digest->hex(), text);
    EXPECT_EQ(Digest::from_bytes(digest->algorithm(), digest->bytes()), *digest);
  }
}

TEST(Digest, RefusesAWrongLengthAndSaysTheRightOne) {
  EXPECT_THAT(refusal_of("sha256:baddigeststring"), HasSubstr("64 lower-case hex digits"));
  EXPECT_THAT(refusal_of("sha256:" + kHex256 + "0"), HasSubstr("64 lower-case hex digits"));
  EXPECT_THAT(refusal_of("sha256:"), HasSubstr("64 lower-case hex digits"));
  EXPECT_THAT(refusal_of("sha512:" + kHex256), HasSubstr("128 lower-case hex digits"));
  EXPECT_THAT(refusal_of("sha256:" + kHex512), HasSubstr("64 lower-case hex digits"));
}

TEST(Digest, RefusesAnyCharacterThatIsNotLowerCaseHexAnywhere) {
  for (const char bad : {'g', 'A', 'F', '/', ':', '`', ' ', '\0', '\xff', '@', 'G'}) {
    for (std::size_t i = 0; i < kHex256.size(); ++i) {
      std::string hex = kHex256;
      hex[i] = bad;
      EXPECT_THAT(refusal_of("sha256:" + hex), HasSubstr("lower-case hex digits"));
    }
  }
}

TEST(Digest, NamesAnAlgorithmThatIsNotSupported) {
  EXPECT_THAT(refusal_of("md5:d41d8cd98f00b204e9800998ecf8427e"),
              HasSubstr("\"md5\" is not supported (sha256, sha512 are)"));
  EXPECT_THAT(refusal_of("sha384+b64u:abc"), HasSubstr("\"sha384+b64u\" is not supported"));
  EXPECT_THAT(refusal_of("blake3.x_y-z:abc"), HasSubstr("\"blake3.x_y-z\" is not supported"));
}

TEST(Digest, RefusesWhatIsNoDigestAtAll) {
  for (const char* text :
       {"", ":", "latest", ":abc", "SHA256:abc", "sha256+:abc", "+sha256:abc", "sha..2:abc", "s h:abc"}) {
    EXPECT_THAT(refusal_of(text), HasSubstr("is not a digest (algorithm:hex)")) << text;
  }
  // The right length and no colon where one must be.
  EXPECT_THAT(refusal_of("sha256-" + kHex256), HasSubstr("is not a digest"));
  EXPECT_THAT(refusal_of("sha257:" + kHex256), HasSubstr("\"sha257\" is not supported"));
}

TEST(Digest, KeepsRefusalsShortAndPrintable) {
  const std::string message = refusal_of("sha256:" + std::string(100'000, '\xff'));
  EXPECT_LT(message.size(), 300U);
  EXPECT_TRUE(std::ranges::all_of(message, [](char c) { return c >= 0x20 && c < 0x7f; }));
}

TEST(Digest, FromBytesNeedsTheAlgorithmsLength) {
  const std::vector<std::byte> bytes(32);
  EXPECT_THROW(Digest::from_bytes(HashAlgorithm::sha512, bytes), Failure);
  EXPECT_EQ(Digest::from_bytes(HashAlgorithm::sha256, bytes).hex(), std::string(64, '0'));
}

TEST(Digest, DiffersByAlgorithmAlsoWhenTheBytesAreAllZero) {
  const Digest short_zero = *Digest::parse("sha256:" + std::string(64, '0'));
  const Digest long_zero = *Digest::parse("sha512:" + std::string(128, '0'));
  EXPECT_NE(short_zero, long_zero);
  EXPECT_LT(short_zero, long_zero);
}

TEST(Digest, OrdersLikeItsText) {
  const Digest low = *Digest::parse("sha256:0f" + std::string(62, '0'));
  const Digest high = *Digest::parse("sha256:f0" + std::string(62, '0'));
  EXPECT_LT(low, high);
}

TEST(Digest, HashDependsOnEveryByte) {
  std::unordered_set<std::size_t> hashes;
  for (std::size_t i = 0; i < 64; ++i) {
    std::string hex(64, '0');
    hex[i] = '1';
    hashes.insert(std::hash<Digest>()(*Digest::parse("sha256:" + hex)));
  }
  EXPECT_EQ(hashes.size(), 64U);
}

TEST(DigestOf, MatchesKnownVectors) {
  EXPECT_EQ(digest_of(HashAlgorithm::sha256, "").hex(), kHex256);
  EXPECT_EQ(digest_of(HashAlgorithm::sha256, "abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of(HashAlgorithm::sha512, "abc").hex(),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

}  // namespace
}  // namespace berth
