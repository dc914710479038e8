#include "registry/delete_content.h"

#include <gtest/gtest.h>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

RegistryPolicy with_deletes() {
  RegistryPolicy policy;
  policy.allows_deletes = true;
  return policy;
}

ErrorCode code_of(const Result<void>& result) {
  EXPECT_FALSE(result.has_value());
  return result.error().code;
}

TEST(DeleteContent, IsRefusedUnlessTheSettingAllowsIt) {
  RegistryInMemory world;
  const Digest blob = world.push("app", "layer");
  const Result<void> refused = run_task(world->delete_content.delete_blob(repository("app"), blob));
  ASSERT_EQ(code_of(refused), ErrorCode::deletes_disabled);
  EXPECT_NE(refused.error().message.find("storage.delete.enabled"), std::string::npos);
  EXPECT_EQ(code_of(run_task(world->delete_content.delete_manifest(repository("app"), blob, ""))),
            ErrorCode::deletes_disabled);
  EXPECT_EQ(code_of(run_task(world->delete_content.delete_tag(repository("app"), tag("v1"), {}, ""))),
            ErrorCode::deletes_disabled);
  EXPECT_TRUE(world.has("app", blob));
}

TEST(DeleteContent, ABlobThatAManifestNamesStays) {
  RegistryInMemory world(with_deletes());
  const std::string image = world.image("app", "layer");
  ASSERT_TRUE(world.put("app", tag("v1"), image));
  const Result<void> refused = run_task(world->delete_content.delete_blob(repository("app"), sha256_of("layer")));
  ASSERT_EQ(code_of(refused), ErrorCode::blob_in_use);
  EXPECT_NE(refused.error().message.find(sha256_of(image).to_string()), std::string::npos);
  ASSERT_TRUE(run_task(world->delete_content.delete_manifest(repository("app"), sha256_of(image), "")));
  EXPECT_TRUE(run_task(world->delete_content.delete_blob(repository("app"), sha256_of("layer"))));
  EXPECT_FALSE(world.has("app", sha256_of("layer")));
  EXPECT_EQ(code_of(run_task(world->delete_content.delete_blob(repository("app"), sha256_of("layer")))),
            ErrorCode::blob_unknown);
}

TEST(DeleteContent, ATagGoesAloneAManifestWithItsTags) {
  RegistryInMemory world(with_deletes());
  const std::string image = world.image("app", "layer");
  ASSERT_TRUE(world.put("app", tag("v1"), image, {}, {tag("v2")}));
  ASSERT_TRUE(run_task(world->delete_content.delete_tag(repository("app"), tag("v1"), {}, "")));
  EXPECT_FALSE(run_task(world->pull_manifest.get(repository("app"), tag("v1"))));
  EXPECT_TRUE(run_task(world->pull_manifest.get(repository("app"), sha256_of(image))));
  EXPECT_EQ(code_of(run_task(world->delete_content.delete_tag(repository("app"), tag("v1"), {}, ""))),
            ErrorCode::manifest_unknown);
  ASSERT_TRUE(run_task(world->delete_content.delete_manifest(repository("app"), sha256_of(image), "")));
  EXPECT_FALSE(run_task(world->pull_manifest.get(repository("app"), tag("v2"))));
  EXPECT_EQ(code_of(run_task(world->delete_content.delete_manifest(repository("app"), sha256_of(image), ""))),
            ErrorCode::manifest_unknown);
}

TEST(DeleteContent, ATagIsHeldToItsPrecondition) {
  RegistryInMemory world(with_deletes());
  const std::string image = world.image("app", "layer");
  ASSERT_TRUE(world.put("app", tag("v1"), image));
  EXPECT_EQ(code_of(run_task(
                world->delete_content.delete_tag(repository("app"), tag("v1"), {must_name(sha256_of("other"))}, ""))),
            ErrorCode::precondition_failed);
  EXPECT_TRUE(
      run_task(world->delete_content.delete_tag(repository("app"), tag("v1"), {must_name(sha256_of(image))}, "")));
}

TEST(ListContent, AnEmptiedRepositoryHasNoTagsAndAnUnknownOneHasNoName) {
  RegistryInMemory world(with_deletes());
  EXPECT_EQ(run_task(world->list_content.tags(repository("app"), {}, 10)).error().code, ErrorCode::name_unknown);
  ASSERT_TRUE(world.put("app", tag("v1"), world.image("app", "layer")));
  EXPECT_EQ(run_task(world->list_content.tags(repository("app"), {}, 10)).value().entries, std::vector{tag("v1")});
  ASSERT_TRUE(run_task(world->delete_content.delete_tag(repository("app"), tag("v1"), {}, "me")));
  EXPECT_TRUE(run_task(world->list_content.tags(repository("app"), {}, 10)).value().entries.empty());
  const auto history = run_task(world->list_content.tag_history(repository("app"), tag("v1"), 10));
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].who, "me");
}

}  // namespace
}  // namespace berth
