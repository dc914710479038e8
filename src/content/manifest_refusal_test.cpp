// What is refused, and that the words name the field.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "content/manifest.h"

namespace berth {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kDigest = digest_of(HashAlgorithm::sha256, "{}").to_string();

std::string config(std::string_view more = "") {
  return fmt::format(R"({{"mediaType":"a/b","digest":"{}","size":2{}}})", kDigest, more);
}
std::string image(std::string_view config_text, std::string_view more = R"(,"layers":[])") {
  return fmt::format(R"({{"schemaVersion":2,"config":{}{}}})", config_text, more);
}
std::string image_with(std::string_view more) {
  return image(config(), more);
}
std::string image_with_layer(std::string_view layer) {
  return image_with(fmt::format(R"(,"layers":[{},{}])", config(), layer));
}

std::string refusal_of(std::string_view text, std::string_view type = media_type::kOciManifest,
                       ErrorCode code = ErrorCode::manifest_invalid, const ManifestLimits& limits = {}) {
  const Result<Manifest> manifest = Manifest::parse(text, type, limits);
  if (manifest) return "accepted";
  EXPECT_EQ(manifest.error().code, code) << manifest.error().message;
  return manifest.error().message;
}

TEST(ManifestRefusal, TheTemplatesThatTheseTestsBendAreAccepted) {
  EXPECT_EQ(refusal_of(image(config())), "accepted");
  EXPECT_EQ(refusal_of(image_with_layer(config())), "accepted");
}

TEST(ManifestRefusal, ContentTypeThatIsNoManifestNamesTheAcceptedOnes) {
  for (const std::string_view type :
       {"application/json", "text/plain", "application/vnd.oci.artifact.manifest.v1+json", "x\n\xff"}) {
    const std::string message = refusal_of(image(config()), type);
    EXPECT_THAT(message, StartsWith("Content-Type: "));
    EXPECT_THAT(message, HasSubstr(media_type::kOciManifest));
    EXPECT_THAT(message, HasSubstr(media_type::kOciIndex));
    EXPECT_THAT(message, HasSubstr(media_type::kDockerManifest));
    EXPECT_THAT(message, HasSubstr(media_type::kDockerManifestList));
  }
}

TEST(ManifestRefusal, Schema1IsNamed) {
  for (const std::string_view type : {"application/vnd.docker.distribution.manifest.v1+json",
                                      "application/vnd.docker.distribution.manifest.v1+prettyjws"}) {
    EXPECT_THAT(refusal_of(R"({"schemaVersion":1,"name":"a","tag":"b","fsLayers":[]})", type), HasSubstr("schema1"));
    EXPECT_THAT(refusal_of(fmt::format(R"({{"schemaVersion":2,"mediaType":"{}"}})", type), ""), HasSubstr("schema1"));
  }
  EXPECT_THAT(refusal_of(R"({"schemaVersion":1,"name":"a","tag":"b","fsLayers":[]})", ""), HasSubstr("schema1"));
}

TEST(ManifestRefusal, WithoutAnyTypeItSaysSo) {
  EXPECT_EQ(refusal_of(image(config()), ""), "mediaType: missing, and the request has no Content-Type");
  EXPECT_THAT(refusal_of(R"({"schemaVersion":2,"mediaType":"a/b"})", ""),
              StartsWith("mediaType: \"a/b\" is not a manifest type"));
}

TEST(ManifestRefusal, BodyTypeOtherThanTheContentType) {
  const std::string text =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[]}})", media_type::kOciIndex);
  EXPECT_THAT(refusal_of(text, media_type::kDockerManifestList), StartsWith("mediaType: "));
  EXPECT_THAT(refusal_of(text, media_type::kOciManifest), HasSubstr("is not the Content-Type"));
  EXPECT_EQ(refusal_of(R"({"schemaVersion":2,"mediaType":2,"manifests":[]})", media_type::kOciIndex),
            "mediaType: not a string");
}

TEST(ManifestRefusal, DockerTypesWithoutMediaType) {
  EXPECT_EQ(refusal_of(image(config()), media_type::kDockerManifest), "mediaType: missing");
  EXPECT_EQ(refusal_of(R"({"schemaVersion":2,"mediaType":"","manifests":[]})", media_type::kDockerManifestList),
            "mediaType: missing");
}

TEST(ManifestRefusal, SchemaVersion) {
  EXPECT_EQ(refusal_of(R"({"manifests":[]})", media_type::kOciIndex), "schemaVersion: missing");
  for (const char* version : {"3", "0", "-2", "2.0", "\"2\"", "[2]", "true"}) {
    EXPECT_EQ(refusal_of(fmt::format(R"({{"schemaVersion":{},"manifests":[]}})", version), media_type::kOciIndex),
              "schemaVersion: not 2");
  }
}

TEST(ManifestRefusal, ABodyThatIsImageAndIndexAtOnce) {
  EXPECT_THAT(refusal_of(image_with(R"(,"layers":[],"manifests":[])")), StartsWith("manifests: "));
  EXPECT_THAT(refusal_of(R"({"schemaVersion":2,"manifests":[],"layers":[]})", media_type::kOciIndex),
              StartsWith("layers: "));
  EXPECT_THAT(
      refusal_of(fmt::format(R"({{"schemaVersion":2,"manifests":[],"config":{}}})", config()), media_type::kOciIndex),
      StartsWith("config: "));
  EXPECT_EQ(refusal_of(image_with(R"(,"manifests":null)")), "accepted");
}

TEST(ManifestRefusal, MissingOrMisshapenParts) {
  EXPECT_EQ(refusal_of(R"({"schemaVersion":2,"layers":[]})"), "config: missing");
  EXPECT_EQ(refusal_of(R"({"schemaVersion":2})", media_type::kOciIndex), "manifests: missing");
  EXPECT_EQ(refusal_of(image("[]")), "config: not an object");
  EXPECT_EQ(refusal_of(image_with(R"(,"layers":{})")), "layers: not a list");
  EXPECT_EQ(refusal_of(R"({"schemaVersion":2,"manifests":"x"})", media_type::kOciIndex), "manifests: not a list");
  EXPECT_EQ(refusal_of(image_with_layer("null")), "layers[1]: not an object");
  EXPECT_EQ(refusal_of(image_with(R"(,"subject":"x")")), "subject: not an object");
  EXPECT_EQ(refusal_of(image_with(R"(,"artifactType":7)")), "artifactType: not a string");
  for (const char* text : {"[]", "7", "\"x\"", "null"}) EXPECT_EQ(refusal_of(text), "not a JSON object");
}

TEST(ManifestRefusal, JsonItself) {
  EXPECT_THAT(refusal_of("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal_of(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal_of(image_with(",\"x\":\"\xff\"")), HasSubstr("UTF-8"));
  EXPECT_EQ(refusal_of(image_with(R"(,"config":{})")), "config: appears twice");
  EXPECT_EQ(refusal_of(image_with_layer(config(R"(,"size":2)"))), "layers[1].size: appears twice");
}

TEST(ManifestRefusal, DescriptorDigest) {
  const auto layer = [](std::string_view digest) {
    return image_with_layer(fmt::format(R"({{"mediaType":"a/b","size":2,"digest":{}}})", digest));
  };
  EXPECT_THAT(refusal_of(layer(R"("sha256:bad")"), media_type::kOciManifest, ErrorCode::digest_invalid),
              StartsWith("layers[1].digest: "));
  const std::string unregistered = refusal_of(layer(R"("md5:d41d8cd98f00b204e9800998ecf8427e")"),
                                              media_type::kOciManifest, ErrorCode::digest_invalid);
  EXPECT_THAT(unregistered, StartsWith("layers[1].digest: "));
  EXPECT_THAT(unregistered, HasSubstr("\"md5\" is not supported"));
  EXPECT_EQ(refusal_of(layer("null")), "layers[1].digest: missing");
  EXPECT_EQ(refusal_of(layer("7")), "layers[1].digest: not a string");
}

TEST(ManifestRefusal, DescriptorSize) {
  const auto layer = [](std::string_view size) {
    return image_with_layer(fmt::format(R"({{"mediaType":"a/b","digest":"{}","size":{}}})", kDigest, size));
  };
  for (const char* size : {"-1", "1.5", "1e2", "\"2\"", "9223372036854775808", "1e400", "true", "[]"}) {
    EXPECT_EQ(refusal_of(layer(size)), "layers[1].size: not a whole number from 0 to 2^63-1") << size;
  }
  EXPECT_EQ(refusal_of(layer("null")), "layers[1].size: missing");
}

TEST(ManifestRefusal, DescriptorMediaType) {
  const auto layer = [](std::string_view type) {
    return image_with_layer(fmt::format(R"({{"mediaType":{},"digest":"{}","size":2}})", type, kDigest));
  };
  EXPECT_EQ(refusal_of(layer("null")), "layers[1].mediaType: missing");
  EXPECT_EQ(refusal_of(layer("\"\"")), "layers[1].mediaType: missing");
  EXPECT_EQ(refusal_of(layer("7")), "layers[1].mediaType: not a string");
  for (const std::string& type : {std::string("plain"), std::string("/b"), std::string("a/"), std::string("a/\\n"),
                                  std::string("a/é"), "a/" + std::string(254, 'b')}) {
    EXPECT_THAT(refusal_of(layer('"' + type + '"')), HasSubstr("is not a media type")) << type;
  }
  EXPECT_EQ(refusal_of(layer("\"text/plain; charset=utf-8\"")), "accepted");
}

TEST(ManifestRefusal, DescriptorData) {
  const auto refusal = [](std::string_view data) {
    return refusal_of(image(config(fmt::format(R"(,"data":{})", data))));
  };
  EXPECT_EQ(refusal(R"("e30=")"), "accepted");
  EXPECT_EQ(refusal("null"), "accepted");
  EXPECT_EQ(refusal("7"), "config.data: not a string");
  EXPECT_EQ(refusal(R"("e30")"), "config.data: not base64");
  EXPECT_EQ(refusal(R"("e3 0=")"), "config.data: not base64");
  EXPECT_EQ(refusal(R"("e30K")"), "config.data: has 3 bytes, the descriptor's size is 2");
  EXPECT_EQ(refusal(R"("")"), "config.data: has 0 bytes, the descriptor's size is 2");
  EXPECT_EQ(refusal(R"("e3s=")"), "config.data: does not have the descriptor's digest");
}

TEST(ManifestRefusal, DescriptorUrls) {
  const auto refusal = [](std::string_view urls) {
    return refusal_of(image_with_layer(config(fmt::format(R"(,"urls":{})", urls))));
  };
  EXPECT_EQ(refusal(R"(["https://a/b"])"), "accepted");
  EXPECT_EQ(refusal(R"("https://a/b")"), "layers[1].urls: not a list");
  EXPECT_EQ(refusal(R"(["https://a/b",7])"), "layers[1].urls[1]: not a string");
  for (const char* url : {"ftp://a/b", "file:///etc/passwd", "//a/b", "", "https://a/b#c", "HTTPS:a"}) {
    EXPECT_EQ(refusal(fmt::format(R"(["http://a/","{}"])", url)),
              "layers[1].urls[1]: not an http or https URL without a fragment")
        << url;
  }
}

TEST(ManifestRefusal, Platform) {
  const auto refusal = [](std::string_view platform) {
    return refusal_of(
        fmt::format(R"({{"schemaVersion":2,"manifests":[{}]}})", config(fmt::format(R"(,"platform":{})", platform))),
        media_type::kOciIndex);
  };
  EXPECT_EQ(refusal("{}"), "accepted");
  EXPECT_EQ(refusal(R"("linux")"), "manifests[0].platform: not an object");
  EXPECT_EQ(refusal(R"({"os":7})"), "manifests[0].platform.os: not a string");
  EXPECT_EQ(refusal(R"({"os":"linux","architecture":[]})"), "manifests[0].platform.architecture: not a string");
}

TEST(ManifestRefusal, Annotations) {
  EXPECT_EQ(refusal_of(image_with(R"(,"annotations":[])")), "annotations: not an object");
  EXPECT_EQ(refusal_of(image_with(R"(,"annotations":{"a":"x","org.example.count":7})")),
            "annotations.org.example.count: not a string");
  EXPECT_EQ(refusal_of(image_with(R"(,"annotations":{"a":null})")), "annotations.a: not a string");
  EXPECT_EQ(refusal_of(image_with_layer(config(R"(,"annotations":{"a":{}})"))),
            "layers[1].annotations.a: not a string");
}

TEST(ManifestRefusal, Limits) {
  const std::string text = image_with(fmt::format(R"(,"layers":[{0},{0}],"subject":{0})", config()));
  EXPECT_EQ(refusal_of(text, media_type::kOciManifest, ErrorCode::manifest_invalid, {.descriptor_count = 4}),
            "accepted");
  EXPECT_EQ(refusal_of(text, media_type::kOciManifest, ErrorCode::manifest_invalid, {.descriptor_count = 3}),
            "subject: more than 3 descriptors");
  EXPECT_EQ(refusal_of(text, media_type::kOciManifest, ErrorCode::manifest_invalid, {.descriptor_count = 2}),
            "layers[1]: more than 2 descriptors");
  EXPECT_THAT(refusal_of(text, media_type::kOciManifest, ErrorCode::manifest_invalid, {.nesting_depth = 2}),
              HasSubstr("deeper than 2"));
  EXPECT_THAT(refusal_of(text, media_type::kOciManifest, ErrorCode::manifest_invalid, {.json_value_count = 10}),
              HasSubstr("more than 10 JSON values"));
}

}  // namespace
}  // namespace berth
