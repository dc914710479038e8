#include "content/cosign_tag.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

const Digest kSubject = digest_of(HashAlgorithm::sha256, "an image");

Tag tag(const std::string& text) {
  return Tag::parse(text).value();
}

}  // namespace

TEST(CosignTag, NamesItsSubject) {
  for (const std::string_view suffix : kCosignSuffixes) {
    const Tag made = cosign_tag(kSubject, suffix).value();
    EXPECT_EQ(made.text(), "sha256-" + kSubject.hex() + std::string(suffix));
    EXPECT_EQ(cosign_subject(made), kSubject);
  }
}

TEST(CosignTag, ADigestThatIsTooLongForATagHasNone) {
  EXPECT_FALSE(cosign_tag(digest_of(HashAlgorithm::sha512, "an image"), ".sig"));
}

TEST(CosignTag, OtherTagsAreTagsLikeAnyOther) {
  EXPECT_FALSE(cosign_subject(tag("v1")));
  EXPECT_FALSE(cosign_subject(tag("v1.sig")));
  EXPECT_FALSE(cosign_subject(tag("sha256-abc.sig")));
  EXPECT_FALSE(cosign_subject(tag("sha256-" + kSubject.hex())));
  EXPECT_FALSE(cosign_subject(tag("sha256-" + kSubject.hex() + ".exe")));
}

}  // namespace berth
