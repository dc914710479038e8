#include "registry/push_manifest.h"

#include <gtest/gtest.h>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

constexpr std::string_view kForeign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

template <class T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result.error().code;
}

std::string descriptor(std::string_view type, const Digest& digest, std::size_t size, const std::string& more = {}) {
  return R"({"mediaType":")" + std::string(type) + R"(","digest":")" + digest.to_string() + R"(","size":)" +
         std::to_string(size) + more + "}";
}

std::string index_of(const std::string& children) {
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" + children + "]}";
}

std::string platform(const std::string& os, const std::string& architecture) {
  return R"(,"platform":{"os":")" + os + R"(","architecture":")" + architecture + R"("})";
}

TEST(PushManifest, StoresTheBytesByTagAndDigest) {
  RegistryInMemory world;
  const std::string image = world.image("app", "layer") + "\n";
  const Result<PushedManifest> pushed = world.put("app", tag("v1"), image);
  ASSERT_TRUE(pushed);
  EXPECT_EQ(pushed->digest, sha256_of(image));
  EXPECT_EQ(pushed->tags, std::vector{tag("v1")});
  const auto by_tag = run_task(world->pull_manifest.get(repository("app"), tag("v1")));
  ASSERT_TRUE(by_tag);
  EXPECT_EQ(by_tag->bytes.view(), image);
  EXPECT_EQ(by_tag->media_type, media_type::kOciManifest);
  EXPECT_TRUE(run_task(world->pull_manifest.get(repository("app"), pushed->digest)));
}

TEST(PushManifest, ChecksADigestReferenceInItsOwnAlgorithm) {
  RegistryInMemory world;
  const std::string image = world.image("app", "layer");
  EXPECT_EQ(code_of(world.put("app", sha256_of("other"), image)), ErrorCode::digest_invalid);
  EXPECT_EQ(world.put("app", sha512_of(image), image).value().digest, sha512_of(image));
  EXPECT_TRUE(run_task(world->pull_manifest.get(repository("app"), sha512_of(image))));
  EXPECT_FALSE(run_task(world->pull_manifest.get(repository("app"), sha256_of(image))));
}

TEST(PushManifest, SetsEveryTagOnce) {
  RegistryInMemory world;
  const std::string image = world.image("app", "layer");
  const auto pushed = world.put("app", sha256_of(image), image, {}, {tag("a"), tag("b"), tag("a")});
  ASSERT_TRUE(pushed);
  EXPECT_EQ(pushed->tags, (std::vector{tag("a"), tag("b")}));
  EXPECT_TRUE(run_task(world->pull_manifest.get(repository("app"), tag("b"))));
  world.policy.limits.tags_per_push = 2;
  world.restart();
  EXPECT_EQ(code_of(world.put("app", sha256_of(image), image, {}, {tag("a"), tag("b"), tag("c")})),
            ErrorCode::too_many_tags);
}

TEST(PushManifest, RefusesMissingReferencesAndNamesEach) {
  RegistryInMemory world;
  const std::string image = RegistryInMemory::image_of(sha256_of("c"), 1, sha256_of("l"), 1);
  const auto refused = world.put("app", tag("v1"), image);
  ASSERT_EQ(code_of(refused), ErrorCode::manifest_reference_unknown);
  EXPECT_EQ(refused.error().subjects, (std::vector{sha256_of("c").to_string(), sha256_of("l").to_string()}));
  EXPECT_NE(refused.error().message.find("config, layers[0]"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(run_task(world->pull_manifest.get(repository("app"), tag("v1"))));
  world.policy.validation.allows_missing_references = true;
  world.restart();
  EXPECT_TRUE(world.put("app", tag("v1"), image));
}

TEST(PushManifest, AnotherRepositorysBlobIsMissingHere) {
  RegistryInMemory world;
  const std::string image = world.image("app", "layer");
  EXPECT_EQ(code_of(world.put("other", tag("v1"), image)), ErrorCode::manifest_reference_unknown);
}

TEST(PushManifest, RefusesAWrongSizeAndNamesTheField) {
  RegistryInMemory world;
  const std::string image = RegistryInMemory::image_of(world.push("app", "c"), 1, world.push("app", "layer"), 6);
  const auto refused = world.put("app", tag("v1"), image);
  ASSERT_EQ(code_of(refused), ErrorCode::manifest_invalid);
  EXPECT_NE(refused.error().message.find("layers[0].size"), std::string::npos) << refused.error().message;
}

TEST(PushManifest, ASubjectNeedNotExist) {
  RegistryInMemory world;
  const std::string subject = R"(,"subject":)" + descriptor(media_type::kOciManifest, sha256_of("later"), 5);
  const std::string image = RegistryInMemory::image_of(world.push("app", "c"), 1, world.push("app", "l"), 1, subject);
  const auto pushed = world.put("app", tag("v1"), image);
  ASSERT_TRUE(pushed);
  EXPECT_EQ(pushed->subject, sha256_of("later"));
  const auto referrers = run_task(world->list_content.referrers(repository("app"), sha256_of("later"), {}, {}, 10));
  ASSERT_EQ(referrers.entries.size(), 1U);
  EXPECT_EQ(referrers.entries[0].digest, sha256_of(image));
}

TEST(PushManifest, HoldsATagToItsPrecondition) {
  RegistryInMemory world;
  const std::string first = world.image("app", "one");
  const std::string second = world.image("app", "two");
  ASSERT_TRUE(world.put("app", tag("v1"), first, must_be_new()));
  EXPECT_EQ(code_of(world.put("app", tag("v1"), second, must_be_new())), ErrorCode::precondition_failed);
  EXPECT_EQ(code_of(world.put("app", tag("v1"), second, must_name(sha256_of(second)))), ErrorCode::precondition_failed);
  EXPECT_TRUE(world.put("app", tag("v1"), second, must_name(sha256_of(first))));
}

TEST(PushManifest, RefusesWhatIsTooLarge) {
  RegistryPolicy policy;
  policy.limits.manifest_bytes = 100;
  RegistryInMemory world(policy);
  EXPECT_EQ(code_of(world.put("app", tag("v1"), std::string(101, ' '))), ErrorCode::manifest_too_large);
}

TEST(PushManifest, ForeignLayersWithUrlsNeedNoBlob) {
  RegistryInMemory world;
  const auto image_with = [&world](const std::string& urls) {
    return R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":)" +
           descriptor("application/vnd.docker.container.image.v1+json", world.push("app", "c"), 1) + R"(,"layers":[)" +
           descriptor(kForeign, sha256_of("elsewhere"), 9, urls) + "]}";
  };
  EXPECT_TRUE(world.put("app", tag("v1"), image_with(R"(,"urls":["https://example.com/layer"])")));
  EXPECT_EQ(code_of(world.put("app", tag("v2"), image_with(""))), ErrorCode::manifest_reference_unknown);

  world.policy.validation.url_deny = {"^https?://example\\.com/"};
  world.restart();
  EXPECT_EQ(code_of(world.put("app", tag("v3"), image_with(R"(,"urls":["https://example.com/layer"])"))),
            ErrorCode::denied);
  EXPECT_TRUE(world.put("app", tag("v3"), image_with(R"(,"urls":["https://example.org/layer"])")));

  world.policy.validation.url_allow = {"example\\.(com|net)"};
  world.restart();
  EXPECT_EQ(code_of(world.put("app", tag("v4"), image_with(R"(,"urls":["https://example.org/layer"])"))),
            ErrorCode::denied);
  EXPECT_TRUE(world.put("app", tag("v4"), image_with(R"(,"urls":["https://example.net/layer"])")));
}

TEST(PushManifest, AnIndexNeedsTheChildrenThatTheSettingsSay) {
  RegistryInMemory world;
  const std::string child = world.image("app", "amd64");
  ASSERT_TRUE(world.put("app", sha256_of(child), child));
  const std::string index =
      index_of(descriptor(media_type::kOciManifest, sha256_of(child), child.size(), platform("linux", "amd64")) + "," +
               descriptor(media_type::kOciManifest, sha256_of("arm"), 3, platform("linux", "arm64")));
  EXPECT_EQ(code_of(world.put("app", tag("v1"), index)), ErrorCode::manifest_reference_unknown);

  world.policy.validation.required_children = RequiredChildren::listed_platforms;
  world.policy.validation.platforms = {{.os = "linux", .architecture = "amd64"}};
  world.restart();
  EXPECT_TRUE(world.put("app", tag("v1"), index));

  world.policy.validation.platforms.push_back({.os = "linux", .architecture = "arm64"});
  world.restart();
  EXPECT_EQ(code_of(world.put("app", tag("v2"), index)), ErrorCode::manifest_reference_unknown);

  world.policy.validation.required_children = RequiredChildren::none;
  world.restart();
  EXPECT_TRUE(world.put("app", tag("v2"), index));
}

// BuildKit's `--cache-to type=registry` writes an index of blobs.
TEST(PushManifest, AnIndexMayListBlobs) {
  RegistryInMemory world;
  const Digest blob = world.push("app", "cached");
  EXPECT_TRUE(
      world.put("app", tag("cache"), index_of(descriptor("application/vnd.oci.image.layer.v1.tar+gzip", blob, 6))));
  EXPECT_EQ(code_of(world.put("app", tag("bad"), index_of(descriptor(media_type::kOciManifest, blob, 6)))),
            ErrorCode::manifest_reference_unknown);
}

TEST(PullManifest, GivesASingleImageClientTheLinuxChildOfAList) {
  RegistryInMemory world;
  const std::string child =
      R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":)" +
      descriptor("application/vnd.docker.container.image.v1+json", world.push("app", "c"), 1) + R"(,"layers":[]})";
  ASSERT_TRUE(world.put("app", sha256_of(child), child));
  const auto list_of = [](const std::string& entry) {
    return R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[)" +
           entry + "]}";
  };
  const std::string list =
      list_of(descriptor(media_type::kDockerManifest, sha256_of(child), child.size(), platform("linux", "amd64")));
  const std::string other =
      list_of(descriptor(media_type::kDockerManifest, sha256_of(child), child.size(), platform("linux", "s390x")));
  ASSERT_TRUE(world.put("app", tag("list"), list));
  ASSERT_TRUE(world.put("app", tag("other"), other));
  const auto chosen = [&world](const std::string& name) {
    auto record = run_task(world->pull_manifest.get(repository("app"), tag(name))).value();
    return run_task(world->pull_manifest.choose_for_single_image_client(repository("app"), std::move(record))).digest;
  };
  EXPECT_EQ(chosen("list"), sha256_of(child));
  EXPECT_EQ(chosen("other"), sha256_of(other)) << "without such a child the list itself";
}

}  // namespace
}  // namespace berth
