#include "content/manifest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "content/base64.h"

namespace berth {
namespace {

constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string descriptor(std::string_view type, std::string_view content, std::string_view more = "",
                       HashAlgorithm algorithm = HashAlgorithm::sha256) {
  return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}{}}})", type,
                     digest_of(algorithm, content).to_string(), content.size(), more);
}

Manifest parsed(std::string_view text, std::string_view type) {
  Result<Manifest> manifest = Manifest::parse(text, type);
  if (!manifest) throw std::runtime_error(manifest.error().message);
  return std::move(*manifest);
}

TEST(Manifest, ReadsAnOciImage) {
  const std::string text = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{},{}],"annotations":{{"a":"1","b":""}}}})",
      media_type::kOciManifest, descriptor(kConfigType, "{}"), descriptor(kLayerType, "one"),
      descriptor(kLayerType, "two"));
  const Manifest manifest = parsed(text, media_type::kOciManifest);
  EXPECT_EQ(manifest.kind, ManifestKind::image);
  EXPECT_EQ(manifest.media_type, media_type::kOciManifest);
  EXPECT_EQ(manifest.artifact_type, kConfigType);
  ASSERT_TRUE(manifest.config);
  EXPECT_EQ(manifest.config->field, "config");
  EXPECT_EQ(manifest.config->size_bytes, 2U);
  ASSERT_EQ(manifest.layers.size(), 2U);
  EXPECT_EQ(manifest.layers[1].field, "layers[1]");
  EXPECT_EQ(manifest.layers[1].media_type, kLayerType);
  EXPECT_EQ(manifest.layers[1].digest, digest_of(HashAlgorithm::sha256, "two"));
  EXPECT_EQ(manifest.layers[1].size_bytes, 3U);
  EXPECT_TRUE(manifest.manifests.empty());
  EXPECT_FALSE(manifest.subject);
  EXPECT_EQ(manifest.annotations, (std::map<std::string, std::string>{{"a", "1"}, {"b", ""}}));
}

TEST(Manifest, ReadsADockerImage) {
  const std::string text =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})", media_type::kDockerManifest,
                  descriptor("application/vnd.docker.container.image.v1+json", "{}"),
                  descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", "x"));
  const Manifest manifest = parsed(text, media_type::kDockerManifest);
  EXPECT_EQ(manifest.kind, ManifestKind::image);
  EXPECT_EQ(manifest.media_type, media_type::kDockerManifest);
  EXPECT_EQ(manifest.artifact_type, "application/vnd.docker.container.image.v1+json");
  EXPECT_EQ(manifest.layers.size(), 1U);
}

TEST(Manifest, ReadsAnIndexWithPlatformsAndNestedIndexes) {
  const std::string text = fmt::format(
      R"({{"schemaVersion":2,"manifests":[{},{},{}]}})",
      descriptor(media_type::kOciManifest, "a", R"(,"platform":{"os":"linux","architecture":"arm64","variant":"v8"})"),
      descriptor(media_type::kOciManifest, "b", R"(,"platform":{"os":"linux","architecture":"amd64"})"),
      descriptor(media_type::kOciIndex, "c", R"(,"platform":null)"));
  const Manifest manifest = parsed(text, media_type::kOciIndex);
  EXPECT_EQ(manifest.kind, ManifestKind::index);
  EXPECT_EQ(manifest.artifact_type, "");
  ASSERT_EQ(manifest.manifests.size(), 3U);
  EXPECT_EQ(manifest.manifests[0].platform_os, "linux");
  EXPECT_EQ(manifest.manifests[0].platform_architecture, "arm64");
  EXPECT_EQ(manifest.manifests[2].media_type, media_type::kOciIndex);
  EXPECT_EQ(manifest.manifests[2].platform_os, std::nullopt);

  EXPECT_EQ(find_platform_child(manifest, "linux", "amd64"), digest_of(HashAlgorithm::sha256, "b"));
  EXPECT_EQ(find_platform_child(manifest, "linux", "arm64"), digest_of(HashAlgorithm::sha256, "a"));
  EXPECT_EQ(find_platform_child(manifest, "windows", "amd64"), std::nullopt);
}

TEST(Manifest, FindsTheFirstOfSeveralChildrenForAPlatform) {
  const std::string platform = R"(,"platform":{"os":"linux","architecture":"amd64"})";
  const std::string text = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{},{}]}})", media_type::kDockerManifestList,
      descriptor(media_type::kDockerManifest, "a", platform), descriptor(media_type::kDockerManifest, "b", platform));
  EXPECT_EQ(find_platform_child(parsed(text, media_type::kDockerManifestList), "linux", "amd64"),
            digest_of(HashAlgorithm::sha256, "a"));
}

TEST(Manifest, ReadsAnEmptyIndex) {
  EXPECT_TRUE(parsed(R"({"schemaVersion":2,"manifests":[]})", media_type::kOciIndex).manifests.empty());
  EXPECT_TRUE(parsed(R"({"schemaVersion":2,"manifests":null})", media_type::kOciIndex).manifests.empty());
}

TEST(Manifest, ReadsAnImageWithoutLayers) {
  for (const char* layers : {R"(,"layers":[])", R"(,"layers":null)", ""}) {
    const std::string text =
        fmt::format(R"({{"schemaVersion":2,"config":{}{}}})", descriptor(kConfigType, "{}"), layers);
    EXPECT_TRUE(parsed(text, media_type::kOciManifest).layers.empty());
  }
}

TEST(Manifest, ReadsAnArtifactWithASubject) {
  const std::string text = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","artifactType":"application/vnd.example+type","config":{},"layers":[{}],"subject":{}}})",
      media_type::kOciManifest, descriptor(media_type::kOciEmpty, "{}", R"(,"data":"e30=")"),
      descriptor(media_type::kOciEmpty, "{}", R"(,"data":"e30=")"), descriptor(media_type::kOciManifest, "subject"));
  const Manifest manifest = parsed(text, media_type::kOciManifest);
  EXPECT_EQ(manifest.artifact_type, "application/vnd.example+type");
  ASSERT_TRUE(manifest.subject);
  EXPECT_EQ(manifest.subject->field, "subject");
  EXPECT_EQ(manifest.subject->digest, digest_of(HashAlgorithm::sha256, "subject"));
}

TEST(Manifest, ReadsAnIndexWithASubjectAndAnArtifactType) {
  const std::string text = fmt::format(R"({{"schemaVersion":2,"artifactType":"a/b","manifests":[],"subject":{}}})",
                                       descriptor(media_type::kOciIndex, "subject"));
  const Manifest manifest = parsed(text, media_type::kOciIndex);
  EXPECT_EQ(manifest.artifact_type, "a/b");
  EXPECT_TRUE(manifest.subject);
}

TEST(Manifest, TakesTheConfigTypeWhereTheArtifactTypeIsEmpty) {
  for (const char* artifact_type : {R"("")", "null"}) {
    const std::string text = fmt::format(R"({{"schemaVersion":2,"artifactType":{},"config":{},"layers":[]}})",
                                         artifact_type, descriptor("application/vnd.cncf.helm.config.v1+json", "{}"));
    EXPECT_EQ(parsed(text, media_type::kOciManifest).artifact_type, "application/vnd.cncf.helm.config.v1+json");
  }
}

TEST(Manifest, ReadsSha512Descriptors) {
  const std::string text = fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                                       descriptor(kConfigType, "{}", R"(,"data":"e30=")", HashAlgorithm::sha512),
                                       descriptor(kLayerType, "x", "", HashAlgorithm::sha512));
  const Manifest manifest = parsed(text, media_type::kOciManifest);
  EXPECT_EQ(manifest.config->digest.algorithm(), HashAlgorithm::sha512);
  EXPECT_EQ(manifest.layers[0].digest, digest_of(HashAlgorithm::sha512, "x"));
}

TEST(Manifest, ReadsForeignLayersWithUrls) {
  const std::string text =
      fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})", descriptor(kConfigType, "{}"),
                  descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "x",
                             R"(,"urls":["https://store.example.com/blobs/x","http://mirror.example.com/x?y=z"])"));
  const Manifest manifest = parsed(text, media_type::kOciManifest);
  ASSERT_EQ(manifest.layers[0].urls.size(), 2U);
  EXPECT_EQ(manifest.layers[0].urls[0], "https://store.example.com/blobs/x");
  EXPECT_TRUE(is_foreign_layer_type(manifest.layers[0].media_type));
}

TEST(Manifest, TakesUnknownFieldsOfAnyShape) {
  const std::string text = fmt::format(
      R"({{"schemaVersion":2,"org.example":{{"deep":[1,2.5,-3,1e9,{{"x":null}}]}},"config":{},"layers":[],"Layers":7}})",
      descriptor(kConfigType, "{}", R"(,"org.example.more":[true,{"digest":"not one"}],"artifactType":"x/y")"));
  EXPECT_EQ(parsed(text, media_type::kOciManifest).config->media_type, kConfigType);
}

TEST(Manifest, LetsTheBodyDecideWithoutAContentType) {
  const std::string index =
      fmt::format(R"({{"schemaVersion":2,"mediaType":{},"manifests":[]}})", in_quotes(media_type::kOciIndex));
  EXPECT_EQ(parsed(index, "").kind, ManifestKind::index);
  EXPECT_EQ(parsed(index, "").media_type, media_type::kOciIndex);
}

TEST(Manifest, TakesAnEmptyOrNullMediaTypeForAbsentInOciTypes) {
  EXPECT_EQ(parsed(R"({"schemaVersion":2,"mediaType":"","manifests":[]})", media_type::kOciIndex).media_type,
            media_type::kOciIndex);
  EXPECT_EQ(parsed(R"({"schemaVersion":2,"mediaType":null,"manifests":[]})", media_type::kOciIndex).media_type,
            media_type::kOciIndex);
}

TEST(Manifest, TakesSizesUpToTheSignedLimit) {
  const std::string digest = digest_of(HashAlgorithm::sha256, "").to_string();
  for (const std::string_view size : {"0", "9223372036854775807"}) {
    const std::string text =
        fmt::format(R"({{"schemaVersion":2,"config":{{"mediaType":"a/b","digest":"{}","size":{}}}}})", digest, size);
    EXPECT_EQ(std::to_string(parsed(text, media_type::kOciManifest).config->size_bytes), size);
  }
}

TEST(Manifest, ReadsEscapedFieldNamesAndValues) {
  const std::string text =
      fmt::format(R"({{"schema\u0056ersion":2,"mani\u0066ests":[],"annotations":{{"k\n":"\u00e9"}}}})");
  const Manifest manifest = parsed(text, media_type::kOciIndex);
  EXPECT_EQ(manifest.annotations, (std::map<std::string, std::string>{{"k\n", "\xc3\xa9"}}));
}

// The largest of the conformance programme is about 3.9 MB.
TEST(Manifest, ReadsLargeManifests) {
  const std::string by_annotation =
      fmt::format(R"({{"schemaVersion":2,"manifests":[],"annotations":{{"big":"{}"}}}})", std::string(3'900'000, 'x'));
  EXPECT_EQ(parsed(by_annotation, media_type::kOciIndex).annotations.at("big").size(), 3'900'000U);

  const std::string content(2'900'000, 'y');
  const std::string by_data =
      fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[]}})",
                  descriptor("a/b", content, ",\"data\":\"" + to_base64(std::as_bytes(std::span(content))) + "\""));
  EXPECT_EQ(parsed(by_data, media_type::kOciManifest).config->size_bytes, content.size());

  std::string layers;
  for (int i = 0; i < 9'998; ++i)
    layers += (i == 0 ? "" : ",") + descriptor(kLayerType, std::to_string(i),
                                               R"(,"annotations":{"padding":")" + std::string(220, 'z') + "\"}");
  const std::string by_layers =
      fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})", descriptor("a/b", "{}"), layers);
  EXPECT_GT(by_layers.size(), 3'900'000U);
  EXPECT_EQ(parsed(by_layers, media_type::kOciManifest).layers.size(), 9'998U);
}

}  // namespace
}  // namespace berth
