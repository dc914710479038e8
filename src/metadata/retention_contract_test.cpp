// The contract of RetentionStore: what a repository holds as of one moment, deletions of what is unchanged and unused,
// plans, times of pulls.
#include <algorithm>

#include "metadata/change_counting_retention_store.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/metadata_store_contract.h"
#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {
namespace {

/// All sides of one store.
struct RetainedStore {
  std::unique_ptr<MetadataStore> metadata;
  RetentionStore* retention = nullptr;
  TrashStore* trash = nullptr;
};

struct RetainedStoreFactory {
  std::string name;
  RetainedStore (*make)(const std::filesystem::path& directory);
};

RetainedStore make_memory(const std::filesystem::path& /*directory*/) {
  auto store = std::make_unique<MemoryMetadataStore>();
  MemoryMetadataStore* const both = store.get();
  return {std::move(store), both, both};
}

RetainedStore make_sqlite(const std::filesystem::path& directory) {
  auto store = std::make_unique<SqliteMetadataStore>(SqliteOptions{.path = directory / "metadata.db"});
  RetentionStore* const retention = &store->retention();
  TrashStore* const trash = &store->trash();
  return {std::move(store), retention, trash};
}

class RetentionContract : public testing::TestWithParam<RetainedStoreFactory> {
 protected:
  MetadataStore& store() { return *made_.metadata; }
  RetentionStore& retention() { return *made_.retention; }
  TrashStore& trash() { return *made_.trash; }

  void put(PutManifest to_put) {
    ASSERT_TRUE(std::holds_alternative<ManifestPut>(run_task(store().put_manifest(std::move(to_put)))));
  }
  void put_at(WallTime now, PutManifest to_put) {
    to_put.now = now;
    put(std::move(to_put));
  }
  std::vector<HeldManifest> held(std::string_view repository) {
    return run_task(retention().held_manifests(repo(repository), 1000)).value();
  }
  HeldManifest held(std::string_view repository, std::string_view content) {
    const std::vector<HeldManifest> all = held(repository);
    const auto found = std::ranges::find(all, digest(content), &HeldManifest::digest);
    if (found != all.end()) return *found;
    ADD_FAILURE() << content << " is not held";
    return HeldManifest{digest(content), {}, {}, 0, {}, {}, {}, false, false, {}};
  }
  static DeleteUnchanged deletion_of(std::vector<UnchangedContent> contents) {
    return {.repository = repo("a"),
            .contents = std::move(contents),
            .who = "retention",
            .now = at(1000),
            .review_due = at(2000),
            .to_trash = true};
  }
  DeletionOutcome remove(UnchangedContent content, TagGuard protects = {}) {
    DeleteUnchanged request = deletion_of({std::move(content)});
    request.protects = std::move(protects);
    return run_task(retention().delete_unchanged(std::move(request))).outcomes.at(0);
  }
  static UnchangedContent tagged(std::string_view name, std::string_view content, WallTime since = at(0)) {
    return {.tag = tag(name), .digest = digest(content), .since = since};
  }
  static UnchangedContent untagged(std::string_view content, WallTime pushed = at(0)) {
    return {.tag = std::nullopt, .digest = digest(content), .since = pushed};
  }
  bool has_tag(std::string_view name) {
    return run_task(store().find_tagged_manifest(repo("a"), tag(name))).has_value();
  }
  bool has_manifest(std::string_view content) {
    return run_task(store().find_manifest(repo("a"), digest(content))).has_value();
  }

 private:
  TemporaryDirectory directory_;
  RetainedStore made_ = GetParam().make(directory_.path());
};

INSTANTIATE_TEST_SUITE_P(Stores, RetentionContract,
                         testing::Values(RetainedStoreFactory{"memory", make_memory},
                                         RetainedStoreFactory{"sqlite", make_sqlite}),
                         [](const testing::TestParamInfo<RetainedStoreFactory>& info) { return info.param.name; });

}  // namespace

TEST_P(RetentionContract, SaysWhatHoldsEachManifest) {
  put_at(at(1), with_tags(manifest("a", "image"), {"v1"}));
  put_at(at(2), with_tags(manifest("a", "other"), {"v2"}));
  put_at(at(7), with_tags(manifest("a", "image"), {"v2", "v3"}));
  put_at(at(3), manifest("a", "child"));
  put_at(at(4), with_reference(manifest("a", "index"), ReferenceKind::manifest, "child"));
  put_at(at(5), with_subject(manifest("a", "signature"), "image", "sig"));
  put_at(at(6), with_subject(manifest("a", "orphan"), "gone", "sig"));
  put(manifest("b", "elsewhere"));

  EXPECT_EQ(held("a").size(), 6U);
  HeldManifest image = held("a", "image");
  EXPECT_EQ(image.pushed, at(1));
  EXPECT_EQ(image.size_bytes, 5U);
  EXPECT_EQ(image.promised_until, at(100));
  EXPECT_EQ(image.artifact_type, "application/vnd.oci.image.config.v1+json");
  EXPECT_FALSE(image.last_pulled);
  std::ranges::sort(image.tags, {}, &NamingTag::tag);
  ASSERT_EQ(image.tags.size(), 3U);
  EXPECT_EQ(image.tags[0].since, at(1));
  EXPECT_EQ(image.tags[1].tag, tag("v2"));
  EXPECT_EQ(image.tags[1].since, at(7)) << "since it names this one";
  EXPECT_TRUE(held("a", "other").tags.empty());
  EXPECT_TRUE(held("a", "child").is_child_of_index);
  EXPECT_FALSE(held("a", "index").is_child_of_index);
  EXPECT_TRUE(held("a", "signature").has_live_subject);
  EXPECT_FALSE(held("a", "orphan").has_live_subject);
  EXPECT_TRUE(held("none").empty());
}

TEST_P(RetentionContract, IsHeldToALimit) {
  put(with_tags(manifest("a", "one"), {"v1", "v2"}));
  put(manifest("a", "two"));
  EXPECT_FALSE(run_task(retention().held_manifests(repo("a"), 3)));
  EXPECT_TRUE(run_task(retention().held_manifests(repo("a"), 4)));
  EXPECT_FALSE(run_task(retention().held_manifests(repo("a"), 1)));
}

TEST_P(RetentionContract, DeletesATagAndKeepsItsManifestAndHistory) {
  put(with_tags(manifest("a", "image"), {"v1", "v2"}));
  EXPECT_EQ(remove(tagged("v1", "image")), DeletionOutcome::deleted);
  EXPECT_FALSE(has_tag("v1"));
  EXPECT_TRUE(has_tag("v2"));
  const std::vector<TagChange> history = run_task(store().tag_history(repo("a"), tag("v1"), 10));
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].who, "retention");
  EXPECT_EQ(history[0].from, digest("image"));
  EXPECT_EQ(history[0].to, std::nullopt);
  EXPECT_EQ(history[0].when, at(1000));
  EXPECT_EQ(remove(tagged("v1", "image")), DeletionOutcome::changed) << "it is gone";
}

TEST_P(RetentionContract, ATagThatMovedStays) {
  put(with_tags(manifest("a", "old"), {"v1"}));
  put_at(at(5), with_tags(manifest("a", "new"), {"v1"}));
  EXPECT_EQ(remove(tagged("v1", "old")), DeletionOutcome::changed);
  EXPECT_TRUE(has_tag("v1"));
  // There and back: pushed again, so it is young.
  put_at(at(6), with_tags(manifest("a", "old"), {"v1"}));
  EXPECT_EQ(remove(tagged("v1", "old", at(0))), DeletionOutcome::changed);
  EXPECT_TRUE(has_tag("v1"));
  EXPECT_EQ(remove(tagged("v1", "old", at(6))), DeletionOutcome::deleted);
}

TEST_P(RetentionContract, AProtectedTagStays) {
  put(with_tags(manifest("a", "image"), {"v1"}));
  const TagGuard guard = [](const Tag& each) { return each == tag("v1"); };
  EXPECT_EQ(remove(tagged("v1", "image"), guard), DeletionOutcome::protected_by_tag);
  EXPECT_TRUE(has_tag("v1"));
}

TEST_P(RetentionContract, AnUntaggedManifestGoesToTheTrash) {
  put(manifest("a", "image"));
  DeletedContents deleted = run_task(retention().delete_unchanged(deletion_of({untagged("image")})));
  EXPECT_EQ(deleted.outcomes, std::vector{DeletionOutcome::deleted});
  EXPECT_TRUE(deleted.unlisted_repository);
  EXPECT_FALSE(has_manifest("image"));
  const Page<TrashedManifest> trashed = run_task(trash().list_trash(repo("a"), 0, 10));
  ASSERT_EQ(trashed.entries.size(), 1U);
  EXPECT_EQ(trashed.entries[0].who, "retention");
}

TEST_P(RetentionContract, AManifestThatIsUsedStays) {
  put(with_tags(manifest("a", "tagged"), {"v1"}));
  put(manifest("a", "child"));
  put(with_reference(manifest("a", "index"), ReferenceKind::manifest, "child"));
  put(with_subject(manifest("a", "signature"), "tagged", "sig"));
  PutManifest promised = manifest("a", "promised");
  promised.promised_until = at(1001);
  put(std::move(promised));
  put_at(at(9), manifest("a", "pushed again"));
  for (const char* used : {"tagged", "child", "signature", "promised"}) {
    EXPECT_EQ(remove(untagged(used)), DeletionOutcome::in_use) << used;
    EXPECT_TRUE(has_manifest(used)) << used;
  }
  EXPECT_EQ(remove(untagged("pushed again")), DeletionOutcome::changed);
  EXPECT_EQ(remove(untagged("index")), DeletionOutcome::deleted);
  EXPECT_EQ(remove(untagged("child")), DeletionOutcome::deleted) << "its index went";
}

TEST_P(RetentionContract, ASignatureOfWhatIsThereStays) {
  const std::string cosign = "sha256-" + digest("image").hex() + ".sig";
  put(with_tags(manifest("a", "image"), {"v1"}));
  put(with_tags(manifest("a", "signature"), {cosign}));
  put(with_tags(with_subject(manifest("a", "referrer"), "image", "sbom"), {"sbom"}));
  EXPECT_EQ(remove(tagged(cosign, "signature")), DeletionOutcome::in_use);
  EXPECT_EQ(remove(tagged("sbom", "referrer")), DeletionOutcome::in_use);
  run_task(store().delete_manifest(deletion("a", "image")));
  EXPECT_EQ(remove(tagged(cosign, "signature")), DeletionOutcome::deleted);
  EXPECT_EQ(remove(tagged("sbom", "referrer")), DeletionOutcome::deleted);
}

TEST_P(RetentionContract, OneOfABatchThatStaysHoldsUpNoOther) {
  put(with_tags(manifest("a", "image"), {"v1", "v2"}));
  put(manifest("a", "rest"));
  const DeletedContents deleted = run_task(
      retention().delete_unchanged(deletion_of({tagged("v0", "image"), tagged("v1", "image"), untagged("rest")})));
  EXPECT_EQ(deleted.outcomes,
            (std::vector{DeletionOutcome::changed, DeletionOutcome::deleted, DeletionOutcome::deleted}));
  EXPECT_FALSE(deleted.unlisted_repository);
}

TEST_P(RetentionContract, WhatIsDeletedIsCountedForTheCaches) {
  ChangeNumbers changes;
  ChangeCountingRetentionStore counted(retention(), changes);
  put(with_tags(manifest("a", "image"), {"v1", "v2"}));
  put(manifest("a", "rest"));
  const auto v1 = changes.of_tag(repo("a"), tag("v1"));
  const auto v2 = changes.of_tag(repo("a"), tag("v2"));
  const auto list = changes.of_tag_list(repo("a"));
  const auto rest = changes.of_manifest(repo("a"), digest("rest"));
  run_task(counted.delete_unchanged(deletion_of({tagged("v0", "image")})));
  EXPECT_TRUE(changes.stands(list)) << "nothing was deleted";
  run_task(counted.delete_unchanged(deletion_of({tagged("v1", "image"), untagged("rest")})));
  EXPECT_FALSE(changes.stands(v1));
  EXPECT_TRUE(changes.stands(v2));
  EXPECT_FALSE(changes.stands(list));
  EXPECT_FALSE(changes.stands(rest));
}

TEST_P(RetentionContract, KeepsTheNewestPlans) {
  for (int i = 1; i <= 5; ++i) {
    run_task(retention().put_plan(
        {.id = std::to_string(i), .now = at(i), .made = at(10 + i), .who = "w", .rules = "{}"}, 3));
  }
  EXPECT_FALSE(run_task(retention().find_plan("2")));
  EXPECT_TRUE(run_task(retention().find_plan("3")));
  run_task(retention().put_plan({.id = "3",
                                 .now = at(7),
                                 .made = at(20),
                                 .who = "alice",
                                 .repository = repo("a"),
                                 .rules = "{\"rules\":[]}",
                                 .is_configured = true},
                                3));
  const RetentionPlanRecord plan = run_task(retention().find_plan("3")).value();
  EXPECT_EQ(plan.now, at(7));
  EXPECT_EQ(plan.made, at(20));
  EXPECT_EQ(plan.who, "alice");
  EXPECT_EQ(plan.repository, repo("a"));
  EXPECT_EQ(plan.rules, "{\"rules\":[]}");
  EXPECT_TRUE(plan.is_configured);
  EXPECT_FALSE(run_task(retention().find_plan("5")).value().is_configured);
  EXPECT_EQ(run_task(retention().find_plan("5")).value().repository, std::nullopt);
}

TEST_P(RetentionContract, APullIsRecordedAndNeverGoesBack) {
  put(manifest("a", "image"));
  run_task(retention().record_pulls({{repo("a"), digest("image"), at(50)},
                                     {repo("a"), digest("none"), at(50)},
                                     {repo("none"), digest("image"), at(50)}}));
  EXPECT_EQ(held("a", "image").last_pulled, at(50));
  run_task(retention().record_pulls({{repo("a"), digest("image"), at(40)}}));
  EXPECT_EQ(held("a", "image").last_pulled, at(50));
  run_task(retention().record_pulls({{repo("a"), digest("image"), at(60)}}));
  EXPECT_EQ(held("a", "image").last_pulled, at(60));
}

}  // namespace berth
