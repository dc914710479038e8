#include "content/hasher.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace berth {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 131 + i / 7);
  return text;
}

class EveryAlgorithm : public testing::TestWithParam<HashAlgorithm> {};

INSTANTIATE_TEST_SUITE_P(Hasher, EveryAlgorithm, testing::Values(HashAlgorithm::sha256, HashAlgorithm::sha512),
                         [](const auto& each) { return std::string(info_of(each.param).name); });

TEST_P(EveryAlgorithm, GivesTheSameDigestHoweverTheBytesAreCut) {
  const std::string text = pattern(1000);
  const Digest whole = digest_of(GetParam(), text);
  for (std::size_t piece = 1; piece < 300; piece += 7) {
    Hasher hasher(GetParam());
    for (std::size_t at = 0; at < text.size(); at += piece)
      hasher.update(bytes_of(text).subspan(at, std::min(piece, text.size() - at)));
    EXPECT_EQ(hasher.digest(), whole) << piece;
    EXPECT_EQ(hasher.size_bytes(), text.size());
  }
}

TEST_P(EveryAlgorithm, GoesOnFromAnExportedStateAtEveryOffset) {
  const std::string text = pattern(600);  // several blocks of either algorithm, every fill of a block
  const Digest whole = digest_of(GetParam(), text);
  for (std::size_t offset = 0; offset <= text.size(); ++offset) {
    Hasher first(GetParam());
    first.update(bytes_of(text).first(offset));
    const std::string state = first.export_state();
    ASSERT_LE(state.size(), 400U);
    std::optional<Hasher> second = Hasher::import_state(state);
    ASSERT_TRUE(second) << state;
    EXPECT_EQ(second->algorithm(), GetParam());
    EXPECT_EQ(second->size_bytes(), offset);
    EXPECT_EQ(second->export_state(), state);
    second->update(bytes_of(text).subspan(offset));
    ASSERT_EQ(second->digest(), whole) << offset;
  }
}

// The bit count goes over 32 bits at 512 MiB: a state beyond that must carry the upper half.
TEST_P(EveryAlgorithm, CarriesLengthsOverFourGibibits) {
  const std::string block(1 << 20, 'x');
  Hasher straight(GetParam());
  Hasher resumed(GetParam());
  for (int i = 0; i < 520; ++i) {
    straight.update(bytes_of(block));
    if (i == 515) resumed = *Hasher::import_state(straight.export_state());
    if (i > 515) resumed.update(bytes_of(block));
  }
  EXPECT_EQ(straight.size_bytes(), 520U << 20);
  EXPECT_EQ(resumed.digest(), straight.digest());
}

TEST_P(EveryAlgorithm, AsksForTheDigestWithoutEnding) {
  Hasher hasher(GetParam());
  EXPECT_EQ(hasher.digest(), digest_of(GetParam(), ""));
  hasher.update(bytes_of("ab"));
  EXPECT_EQ(hasher.digest(), digest_of(GetParam(), "ab"));
  EXPECT_EQ(hasher.digest(), digest_of(GetParam(), "ab"));
  hasher.update(bytes_of("c"));
  EXPECT_EQ(hasher.digest(), digest_of(GetParam(), "abc"));
}

TEST_P(EveryAlgorithm, CopiesGoTheirOwnWay) {
  Hasher one(GetParam());
  one.update(bytes_of("a"));
  Hasher two = one;
  two.update(bytes_of("b"));
  one.update(bytes_of("c"));
  EXPECT_EQ(one.digest(), digest_of(GetParam(), "ac"));
  EXPECT_EQ(two.digest(), digest_of(GetParam(), "ab"));
  two = one;
  EXPECT_EQ(two.digest(), one.digest());
  const Hasher three = std::move(two);
  EXPECT_EQ(three.digest(), one.digest());
}

TEST_P(EveryAlgorithm, RefusesEveryShortenedOrLengthenedState) {
  Hasher hasher(GetParam());
  hasher.update(bytes_of(pattern(100)));
  const std::string state = hasher.export_state();
  for (std::size_t length = 0; length < state.size(); ++length) {
    EXPECT_FALSE(Hasher::import_state(state.substr(0, length))) << length;
  }
  for (const char more : {'A', '=', ':', ' ', '\n', '\0'}) EXPECT_FALSE(Hasher::import_state(state + more));
}

TEST(HasherState, RefusesWhatThisVersionDoesNotWrite) {
  Hasher hasher(HashAlgorithm::sha256);
  hasher.update(bytes_of("abc"));
  const std::string state = hasher.export_state();
  ASSERT_TRUE(state.starts_with("1:sha256:3:")) << state;
  const std::string tail = state.substr(11);
  ASSERT_TRUE(Hasher::import_state("1:sha256:3:" + tail));
  for (const std::string& text : {"2:sha256:3:" + tail, "1:sha512:3:" + tail, "1:md5:3:" + tail, "1:sha256:03:" + tail,
                                  "1:sha256:+3:" + tail, "1:sha256:-3:" + tail, "1:sha256:3 :" + tail,
                                  "1:sha256::" + tail, "1:sha256:4:" + tail, "1:sha256:18446744073709551615:" + tail,
                                  "1:sha256:18446744073709551619:" + tail, " " + state, std::string(":::")}) {
    EXPECT_FALSE(Hasher::import_state(text)) << text;
  }
}

// Written by this version and kept: a later one must still read it or change the version.
TEST(HasherState, ReadsTheStateThatVersionOneWrote) {
  std::optional<Hasher> hasher = Hasher::import_state("1:sha256:3:agnmZ7tnroU8bvNypU/1OlEOUn+bBWiMH4PZq1vgzRlhYmM=");
  ASSERT_TRUE(hasher);
  EXPECT_EQ(hasher->digest(), digest_of(HashAlgorithm::sha256, "abc"));
}

}  // namespace
}  // namespace berth
