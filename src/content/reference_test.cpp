#include "content/reference.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(ParseReference, ReadsATag) {
  const Result<Reference> reference = parse_reference("v1.0");
  ASSERT_TRUE(reference);
  ASSERT_TRUE(std::holds_alternative<Tag>(*reference));
  EXPECT_EQ(std::get<Tag>(*reference).text(), "v1.0");
}

TEST(ParseReference, ReadsADigest) {
  const std::string text = "sha256:" + std::string(64, 'a');
  const Result<Reference> reference = parse_reference(text);
  ASSERT_TRUE(reference);
  ASSERT_TRUE(std::holds_alternative<Digest>(*reference));
  EXPECT_EQ(std::get<Digest>(*reference).to_string(), text);
}

TEST(ParseReference, TakesHexWithoutAnAlgorithmForATag) {
  const Result<Reference> reference = parse_reference(std::string(64, 'a'));
  ASSERT_TRUE(reference);
  EXPECT_TRUE(std::holds_alternative<Tag>(*reference));
}

// Distribution takes "sha256:bad" for a tag and answers 500 (compat, 3.2).
TEST(ParseReference, RefusesABadDigestAsADigest) {
  for (const char* text : {"sha256:baddigeststring", "sha256:", ":", "a:b", "md5:d41d8cd98f00b204e9800998ecf8427e"}) {
    const Result<Reference> reference = parse_reference(text);
    ASSERT_FALSE(reference) << text;
    EXPECT_EQ(reference.error().code, ErrorCode::digest_invalid);
  }
}

TEST(ParseReference, RefusesABadTagAsATag) {
  for (const char* text : {"", ".hidden", "a b", "a@b"}) {
    const Result<Reference> reference = parse_reference(text);
    ASSERT_FALSE(reference) << text;
    EXPECT_EQ(reference.error().code, ErrorCode::tag_invalid);
  }
}

}  // namespace
}  // namespace berth
