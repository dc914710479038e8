#include "registry/manifest_class.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

Manifest with_config(const std::string& type) {
  Manifest manifest{};
  manifest.config = Descriptor{.field = "config", .media_type = type, .digest = digest_of(HashAlgorithm::sha256, "")};
  return manifest;
}

TEST(ManifestClass, IsThatOfTheConfig) {
  const std::vector<std::string> images{"image"};
  EXPECT_TRUE(check_manifest_class(with_config("application/vnd.oci.image.config.v1+json"), images));
  EXPECT_TRUE(check_manifest_class(with_config("application/vnd.docker.container.image.v1+json"), images));
  const auto plugin = check_manifest_class(with_config("application/vnd.docker.plugin.v1+json"), images);
  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().code, ErrorCode::denied);
  EXPECT_EQ(plugin.error().message, "registry does not allow plugin manifest");
  const auto other = check_manifest_class(with_config("application/vnd.cncf.helm.config.v1+json"), images);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "unknown manifest class for application/vnd.cncf.helm.config.v1+json");
}

TEST(ManifestClass, IsOnlyAskedForWhenSomeAreAllowed) {
  EXPECT_TRUE(check_manifest_class(with_config("anything"), {}));
  EXPECT_TRUE(check_manifest_class(Manifest{}, {"plugin"})) << "an index has no config";
}

}  // namespace
}  // namespace berth
