#include "content/media_type.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(MediaType, KnowsTheFourManifestTypes) {
  for (const std::string_view type : {media_type::kOciManifest, media_type::kDockerManifest}) {
    EXPECT_TRUE(is_manifest_type(type));
    EXPECT_FALSE(is_index_type(type));
  }
  for (const std::string_view type : {media_type::kOciIndex, media_type::kDockerManifestList}) {
    EXPECT_TRUE(is_manifest_type(type));
    EXPECT_TRUE(is_index_type(type));
  }
  for (const std::string_view type : {"", "application/json", "application/vnd.docker.distribution.manifest.v1+json",
                                      "application/vnd.oci.artifact.manifest.v1+json", "*/*"}) {
    EXPECT_FALSE(is_manifest_type(type)) << type;
    EXPECT_FALSE(is_index_type(type)) << type;
  }
}

TEST(MediaType, KnowsForeignLayers) {
  for (const char* type : {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"}) {
    EXPECT_TRUE(is_foreign_layer_type(type)) << type;
  }
  for (const char* type :
       {"", "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tarball"}) {
    EXPECT_FALSE(is_foreign_layer_type(type)) << type;
  }
}

TEST(WithoutParameters, LeavesTypeAndSubtypeInLowerCase) {
  EXPECT_EQ(without_parameters("a/B; charset=x"), "a/b");
  EXPECT_EQ(without_parameters(" \tApplication/JSON\t "), "application/json");
  EXPECT_EQ(without_parameters("a/b;q=1;r=2"), "a/b");
  EXPECT_EQ(without_parameters("a/b ;"), "a/b");
  EXPECT_EQ(without_parameters(";a/b"), "");
  EXPECT_EQ(without_parameters(""), "");
}

}  // namespace
}  // namespace berth
