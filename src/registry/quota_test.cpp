#include "registry/quota.h"

#include <gtest/gtest.h>

#include "registry/undo_change.h"
#include "tests/support/registry_world.h"

namespace berth {
namespace {

QuotaRule rule(const std::string& pattern, ScopeUnit unit = ScopeUnit::together) {
  return {.repositories = NamePattern::parse_repository(pattern).value(), .unit = unit};
}

QuotaRule with_bytes(QuotaRule rule, std::uint64_t bytes) {
  rule.bytes = bytes;
  return rule;
}
QuotaRule with_pending(QuotaRule rule, std::uint64_t bytes) {
  rule.pending_bytes = bytes;
  return rule;
}

RegistryPolicy held_to(std::vector<QuotaRule> rules) {
  RegistryPolicy policy;
  policy.allows_deletes = true;
  policy.uses_trash = true;
  policy.quotas = QuotaPolicy(std::move(rules));
  return policy;
}

template <class T>
std::string refusal(const Result<T>& result) {
  if (result) return "let in";
  EXPECT_EQ(result.error().code, ErrorCode::quota_exceeded);
  return result.error().message;
}

/// Of an image that RegistryInMemory::image() makes of this content.
std::uint64_t bytes_of_image(const std::string& content) {
  RegistryInMemory world;
  return world.image("a", content).size() + content.size() + std::string(R"({"config":""})").size() + content.size();
}

QuotaUsage charged(RegistryInMemory& world, const std::string& name) {
  return run_task(world.metadata.usage_of(repository(name))).at(0).usage;
}

TEST(QuotaPolicy, HoldsBackGrowthBeyondALimitAndNothingElse) {
  const QuotaPolicy policy({with_bytes(rule("a/**"), 100)});
  EXPECT_FALSE(policy.check(0, {.bytes = 90}, {.bytes = 100}));
  const QuotaExceeded expected{.scope = 0, .resource = QuotaResource::bytes, .limit = 100, .used = 90, .needed = 11};
  EXPECT_EQ(policy.check(0, {.bytes = 90}, {.bytes = 101}), expected);
  // The limit was lowered: what is there stays, and may become less.
  EXPECT_FALSE(policy.check(0, {.bytes = 200}, {.bytes = 200}));
  EXPECT_FALSE(policy.check(0, {.bytes = 200}, {.bytes = 150}));
  EXPECT_FALSE(policy.check(0, {}, {.pending_bytes = 1'000, .manifests = 1'000, .tags = 1'000}));
  EXPECT_FALSE(QuotaPolicy().guard());
}

TEST(QuotaPolicy, SaysHowMuchIsLeft) {
  QuotaRule tags = rule("**", ScopeUnit::each);
  tags.tags = 3;
  const QuotaPolicy policy({with_bytes(rule("team/**"), 10ULL << 30U), with_pending(rule("team/app"), 1'000), tags});
  const Error bytes = policy.refusal({.scope = 0,
                                      .resource = QuotaResource::bytes,
                                      .limit = 10ULL << 30U,
                                      .used = (10ULL << 30U) - (3ULL << 20U),
                                      .needed = 12ULL << 20U});
  EXPECT_EQ(bytes.message, "quota of team/** exceeded: 12.0 MiB more needed, 3.0 MiB of 10.0 GiB left");
  EXPECT_EQ(bytes.subjects,
            (std::vector<std::string>{"team/**", "bytes", "10737418240", "10734272512", "12582912", "3145728"}));
  EXPECT_EQ(
      policy.refusal({.scope = 1, .resource = QuotaResource::pending_bytes, .limit = 1'000, .used = 2'000, .needed = 5})
          .message,
      "quota of team/app exceeded: 5 bytes of blobs that no manifest names yet more needed, 0 bytes of 1000 "
      "bytes left");
  EXPECT_EQ(policy.refusal({.scope = 2, .resource = QuotaResource::tags, .limit = 3, .used = 3, .needed = 1}).message,
            "quota of each repository of ** exceeded: 1 tag more needed, 0 of 3 left");
}

TEST(QuotaPolicy, ARuleForOneRepositoryIsCountedByItself) {
  const std::vector<QuotaScope> scopes = QuotaPolicy({rule("team/app"), rule("team/**")}).scopes();
  EXPECT_EQ(scopes.at(0).unit, ScopeUnit::each);
  EXPECT_EQ(scopes.at(1).unit, ScopeUnit::together);
  EXPECT_TRUE(scopes.at(1).has("team/app"));
  EXPECT_FALSE(scopes.at(1).has("team"));
}

TEST(Quota, APushBeyondItIsRefusedAndLeavesTheTag) {
  const std::uint64_t one = bytes_of_image("first");
  RegistryInMemory world(held_to({with_bytes(rule("team/**"), one + 50)}));
  const std::string first = world.image("team/app", "first");
  ASSERT_TRUE(world.put("team/app", tag("v1"), first));
  const std::string second = world.image("team/app", "other");
  EXPECT_EQ(refusal(world.put("team/app", tag("v1"), second)).substr(0, 26), "quota of team/** exceeded:");
  EXPECT_EQ(run_task(world.metadata.find_tagged_manifest(repository("team/app"), tag("v1"))).value().digest,
            sha256_of(first));
  // What is there already costs nothing, another repository of the namespace shares the limit, others have none.
  EXPECT_TRUE(world.put("team/app", tag("v2"), first));
  EXPECT_NE(refusal(world.put("team/two", tag("v1"), world.image("team/two", "other"))), "let in");
  EXPECT_TRUE(world.put("elsewhere", tag("v1"), world.image("elsewhere", "other")));
  // A delete makes room at once.
  ASSERT_TRUE(run_task(world->delete_content.delete_manifest(repository("team/app"), sha256_of(first), "bob")));
  EXPECT_TRUE(world.put("team/app", tag("v1"), second));
  EXPECT_EQ(charged(world, "team/app").bytes, bytes_of_image("other"));
}

TEST(Quota, EachRepositoryHasItsOwnWhereTheRuleSaysSo) {
  RegistryInMemory world(held_to({with_bytes(rule("team/**", ScopeUnit::each), bytes_of_image("first"))}));
  EXPECT_TRUE(world.put("team/one", tag("v1"), world.image("team/one", "first")));
  EXPECT_TRUE(world.put("team/two", tag("v1"), world.image("team/two", "first")));
}

TEST(Quota, AllRulesHold) {
  QuotaRule tags = rule("team/app");
  tags.tags = 1;
  QuotaRule manifests = rule("**");
  manifests.manifests = 1;
  RegistryInMemory world(held_to({tags, manifests}));
  const std::string image = world.image("team/app", "first");
  ASSERT_TRUE(world.put("team/app", tag("v1"), image));
  EXPECT_NE(refusal(world.put("team/app", tag("v2"), image)).find("quota of team/app"), std::string::npos);
  EXPECT_NE(refusal(world.put("other", tag("v1"), world.image("other", "x"))).find("quota of **"), std::string::npos);
}

TEST(Quota, PendingBlobsHaveALimitOfTheirOwn) {
  RegistryInMemory world(held_to({with_pending(rule("team/**"), 100)}));
  const std::string big(60, 'x');
  world.push("team/app", big);
  const std::string more(41, 'y');
  // In one request and in the closing request of an upload: refused before the bytes are received.
  EXPECT_NE(refusal(world.push("team/app", more, sha256_of(more))), "let in");
  const UploadId id = world.start("team/app");
  EXPECT_NE(refusal(world.finish("team/app", id, sha256_of(more), more)), "let in");
  EXPECT_EQ(run_task(world->uploads.status(repository("team/app"), id)).error().code, ErrorCode::upload_unknown)
      << "the upload is over";
  EXPECT_EQ(world.upload_file_count(), 0U);
  EXPECT_FALSE(world.pull("team/app", sha256_of(more)));
  // What is there already costs nothing, in another repository of the namespace neither.
  EXPECT_TRUE(world.push("team/two", big, sha256_of(big)));
  // More than the limit altogether can be told without knowing what it is.
  EXPECT_NE(refusal(world.append("team/app", world.start("team/app"), std::string(101, 'z'))), "let in");
  EXPECT_EQ(world.upload_file_count(), 0U);
  // Named by a manifest they count no longer.
  const std::string config = "{}";
  const Digest config_digest = world.push("team/app", config);
  ASSERT_TRUE(world.put("team/app", tag("v1"),
                        RegistryInMemory::image_of(config_digest, config.size(), sha256_of(big), big.size())));
  EXPECT_TRUE(world.push("team/app", more, sha256_of(more)));
}

TEST(Quota, AMountIsHeldToIt) {
  RegistryInMemory world(held_to({with_pending(rule("team/**"), 10)}));
  const Digest layer = world.push("elsewhere", std::string(11, 'x'));
  const auto mounted =
      run_task(world->start_upload.mount(repository("team/app"), {.digest = layer, .from = repository("elsewhere")}));
  EXPECT_NE(refusal(mounted), "let in");
  EXPECT_FALSE(world.has("team/app", layer));
}

TEST(Quota, NoUploadBeginsWhereNothingIsLeftButWhatWasLostCanBePushedAgain) {
  const std::uint64_t one = bytes_of_image("first");
  RegistryInMemory world(held_to({with_bytes(rule("team/**"), one)}));
  ASSERT_TRUE(world.put("team/app", tag("v1"), world.image("team/app", "first")));
  const auto start = [&](const std::string& name) {
    return run_task(world->start_upload.start(repository(name), HashAlgorithm::sha256));
  };
  EXPECT_NE(refusal(start("team/app")), "let in");
  EXPECT_TRUE(start("elsewhere"));
  run_task(world.metadata.mark_blob_missing(sha256_of("first")));
  const auto upload = start("team/app");
  ASSERT_TRUE(upload);
  EXPECT_TRUE(world.finish("team/app", upload->id, sha256_of("first"), "first"));
  EXPECT_EQ(charged(world, "team/app").bytes, one);
}

TEST(Quota, AnUndoIsHeldToIt) {
  RegistryInMemory world(held_to({with_bytes(rule("team/**"), bytes_of_image("first") + 50)}));
  UndoChange undo(world.counted, world.metadata, world->push_manifest, world->delete_content, world.clock,
                  world->policy, world->read_only);
  const RepositoryName app = repository("team/app");
  const std::string first = world.image("team/app", "first");
  ASSERT_TRUE(world.put("team/app", tag("v1"), first));
  ASSERT_TRUE(run_task(world->delete_content.delete_manifest(app, sha256_of(first), "bob")));
  const std::string second = world.image("team/app", "other");
  ASSERT_TRUE(world.put("team/app", tag("v1"), second));
  EXPECT_NE(refusal(run_task(undo.restore_manifest(app, sha256_of(first), "carol"))), "let in");
  ASSERT_TRUE(run_task(world->delete_content.delete_manifest(app, sha256_of(second), "bob")));
  EXPECT_TRUE(run_task(undo.restore_manifest(app, sha256_of(first), "carol")));
}

}  // namespace
}  // namespace berth
