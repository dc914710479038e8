#include "lifecycle/retention_gathering.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::sys_days(std::chrono::January / 1 / 2030)};

Digest digest_called(std::string_view name) {
  return digest_of(HashAlgorithm::sha256, name);
}

HeldManifest held(std::string_view name, std::vector<NamingTag> tags) {
  return {.digest = digest_called(name),
          .media_type = "type",
          .artifact_type = "artifact",
          .size_bytes = 7,
          .pushed = kNow - 2h,
          .last_pulled = kNow - 1h,
          .promised_until = kNow - 1h,
          .tags = std::move(tags)};
}

NamingTag naming(const std::string& tag, WallTime since) {
  return {.tag = Tag::parse(tag).value(), .since = since};
}

RetentionRepository gather(std::vector<HeldManifest> manifests, PolicySource source = {}) {
  return gather_retention_facts(RepositoryName::parse("team/app").value(), std::move(manifests),
                                *AccessPolicy::compile(std::move(source)), kNow);
}

TEST(RetentionGathering, ATagIsAsOldAsItsNamingAndAnUntaggedManifestAsItsPush) {
  const auto facts =
      gather({held("one", {naming("v1", kNow - 30min), naming("v2", kNow - 90min)}), held("two", {})}).facts;
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_EQ(facts[0].tag, Tag::parse("v1").value());
  EXPECT_EQ(facts[0].pushed, kNow - 30min);
  EXPECT_EQ(facts[1].pushed, kNow - 90min);
  EXPECT_EQ(facts[1].digest, digest_called("one"));
  EXPECT_FALSE(facts[2].tag);
  EXPECT_EQ(facts[2].pushed, kNow - 2h);
  EXPECT_EQ(facts[2].last_pulled, kNow - 1h);
  EXPECT_EQ(facts[2].media_type, "type");
  EXPECT_EQ(facts[2].artifact_type, "artifact");
  EXPECT_EQ(facts[2].size_bytes, 7U);
}

TEST(RetentionGathering, APinIsOneOfTheManifestAndOfEachOfItsTags) {
  HeldManifest pinned = held("one", {naming("v1", kNow), naming("v2", kNow)});
  pinned.is_pinned = true;
  const auto facts = gather({std::move(pinned), held("two", {})}).facts;
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_TRUE(facts[0].is_pinned && facts[1].is_pinned);
  EXPECT_FALSE(facts[2].is_pinned);
}

TEST(RetentionGathering, CosignsTagsBelongToWhatTheySign) {
  const std::string of_one = "sha256-" + digest_called("one").hex() + ".sig";
  const std::string of_none = "sha256-" + digest_called("none").hex() + ".att";
  const auto facts = gather({held("signature", {naming(of_none, kNow), naming(of_one, kNow)}), held("one", {})}).facts;
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_FALSE(facts[0].has_live_subject);
  EXPECT_TRUE(facts[1].has_live_subject);
}

TEST(RetentionGathering, ProtectedTagsAreImmutableWhoeverIsExcepted) {
  PolicySource source;
  source.protections.push_back(
      {.repositories = {NamePattern::parse_repository("team/**").value()},
       .tags = {NamePattern::parse_tag("v*").value()},
       .except = {AccessSubject::parse("user:root").value(), AccessSubject::parse("authenticated").value()}});
  const auto facts = gather({held("one", {naming("v1", kNow), naming("dev", kNow)})}, std::move(source)).facts;
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_TRUE(facts[0].is_immutable);
  EXPECT_FALSE(facts[1].is_immutable);
}

TEST(RetentionGathering, APromiseHoldsUntilItIsOver) {
  HeldManifest over = held("over", {});
  over.promised_until = kNow;
  HeldManifest running = held("running", {});
  running.promised_until = kNow + 1s;
  const auto facts = gather({over, running}).facts;
  EXPECT_FALSE(facts.at(0).is_promised);
  EXPECT_TRUE(facts.at(1).is_promised);
}

}  // namespace
}  // namespace berth
