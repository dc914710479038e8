#include "storage/layout.h"

#include <gtest/gtest.h>

#include "storage/blob_uploads.h"

namespace berth {
namespace {

TEST(Layout, PutsBlobsWhereDistributionPutsThem) {
  const std::string hex = "ab" + std::string(62, '0');
  EXPECT_EQ(layout::blob_path(Digest::parse("sha256:" + hex).value()),
            "docker/registry/v2/blobs/sha256/ab/" + hex + "/data");
  const std::string long_hex = "cd" + std::string(126, '1');
  EXPECT_EQ(layout::blob_path(Digest::parse("sha512:" + long_hex).value()),
            "docker/registry/v2/blobs/sha512/cd/" + long_hex + "/data");
}

TEST(UploadId, AcceptsUuidsAndWhatDistributionMade) {
  for (const std::string& text : {std::string("6b3c9a93-af5d-473f-a4ff-9710022185cd"), std::string("a"),
                                  std::string("x_=.-Z9"), std::string("..."), std::string(128, 'k')}) {
    const Result<UploadId> id = UploadId::parse(text);
    ASSERT_TRUE(id.has_value()) << text;
    EXPECT_EQ(id->text(), text);
  }
}

TEST(UploadId, RefusesWhatIsNotSafeAsAFileName) {
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a b"),
        std::string("a\0b", 3), std::string("ä"), std::string("a%2f"), std::string(129, 'k')}) {
    const Result<UploadId> id = UploadId::parse(text);
    ASSERT_FALSE(id.has_value()) << text;
    EXPECT_EQ(id.error().code, ErrorCode::upload_unknown);
  }
}

TEST(UploadId, IsOrderedBytewise) {
  EXPECT_LT(UploadId::parse("Z").value(), UploadId::parse("a").value());
  EXPECT_LT(UploadId::parse("a").value(), UploadId::parse("ab").value());
}

}  // namespace
}  // namespace berth
