// The contract of CollectionStore: what goes, what stays, and that a run that only looks decides as one that acts.
#include "metadata/collection_contract.h"

#include <map>
#include <random>
#include <set>

#include "content/cosign_tag.h"
#include "metadata/change_counting_collection_store.h"
#include "metadata/change_counting_trash_store.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

CollectedStore make_memory(const std::filesystem::path& /*directory*/) {
  auto store = std::make_unique<MemoryMetadataStore>();
  CollectionStore* const collection = store.get();
  TrashStore* const trash = store.get();
  return {std::move(store), collection, trash};
}

CollectedStore make_counted(const std::filesystem::path& directory) {
  CollectedStore made = make_memory(directory);
  made.changes = std::make_unique<ChangeNumbers>();
  made.counted = std::make_unique<ChangeCountingCollectionStore>(*made.collection, *made.changes);
  made.collection = made.counted.get();
  made.counted_trash = std::make_unique<ChangeCountingTrashStore>(*made.trash, *made.changes);
  made.trash = made.counted_trash.get();
  return made;
}

CollectedStore make_sqlite(const std::filesystem::path& directory) {
  auto store = std::make_unique<SqliteMetadataStore>(SqliteOptions{.path = directory / "metadata.db"});
  CollectionStore* const collection = &store->collection();
  TrashStore* const trash = &store->trash();
  return {std::move(store), collection, trash};
}

INSTANTIATE_TEST_SUITE_P(Stores, CollectionContract,
                         testing::Values(CollectedStoreFactory{"memory", make_memory},
                                         CollectedStoreFactory{"counted", make_counted},
                                         CollectedStoreFactory{"sqlite", make_sqlite}),
                         [](const testing::TestParamInfo<CollectedStoreFactory>& info) { return info.param.name; });

}  // namespace

TEST_P(CollectionContract, ALinkWaitsForItsPromiseAndGoesAfterIt) {
  commit(blob("a", "layer"));  // promised until 100
  const ReviewOutcome early = settle(link_review("layer"), keep_all(at(99)));
  EXPECT_EQ(early.verdict, Verdict::waiting);
  EXPECT_EQ(early.keeper.value().kind, KeeperKind::promise);
  EXPECT_EQ(early.keeper.value().until, at(100));
  EXPECT_EQ(early.size_bytes, 5U);
  ASSERT_TRUE(run_task(store().find_blob(repo("a"), digest("layer"))));

  EXPECT_EQ(settle(link_review("layer"), keep_all(at(100))).verdict, Verdict::removed);
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_FALSE(link_review("layer"));
  const ReviewOutcome gone = settle(blob_review("layer"), keep_all(at(100)));
  EXPECT_EQ(gone.verdict, Verdict::removed);
  EXPECT_EQ(gone.size_bytes, 5U);
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::deleting);
}

TEST_P(CollectionContract, AWaitingReviewIsNeverMovedBack) {
  commit(blob("a", "layer"));  // promised until 100, looked at from 200 on
  settle(link_review("layer"), keep_all(at(50)));
  EXPECT_EQ(link_review("layer").value().due, at(200));
}

TEST_P(CollectionContract, AReviewThatMovedMeanwhileIsLeftAlone) {
  commit(blob("a", "layer"));
  const std::optional<Candidate> seen = link_review("layer");
  CommitBlob again = blob("a", "layer");
  again.review_due = at(500);
  commit(again);
  EXPECT_EQ(settle(seen, keep_all(at(1000))).verdict, Verdict::superseded);
  EXPECT_TRUE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_EQ(link_review("layer").value().due, at(500));
}

TEST_P(CollectionContract, AManifestKeepsItsLinks) {
  commit(blob("a", "layer"));
  put(with_tags(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"), {"v1"}));
  const ReviewOutcome kept = settle(link_review("layer"), keep_all(at(1000)));
  EXPECT_EQ(kept.verdict, Verdict::kept);
  EXPECT_EQ(kept.keeper.value().kind, KeeperKind::manifest);
  EXPECT_EQ(kept.keeper.value().by, digest("m"));
  EXPECT_FALSE(link_review("layer")) << "looked at again after the next event only";
  EXPECT_EQ(settle(manifest_review("m"), take_untagged(at(1000))).keeper.value().kind, KeeperKind::tag);
  EXPECT_TRUE(collect(take_untagged(at(1000))).empty());
}

TEST_P(CollectionContract, WhatADeletedManifestKeptGoes) {
  commit(blob("a", "layer"));
  commit(blob("b", "layer"));
  put(with_tags(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"), {"v1"}));
  put(with_tags(with_reference(manifest("b", "n"), ReferenceKind::layer, "layer"), {"v1"}));
  EXPECT_TRUE(collect(keep_all(at(1000))).empty());
  remove("a", "m");
  EXPECT_EQ(collect(keep_all(at(1000))).size(), 1U) << "the link in a alone";
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::present);
  remove("b", "n");
  EXPECT_EQ(collect(keep_all(at(1000))).size(), 2U);
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::deleting);
}

TEST_P(CollectionContract, UntaggedManifestsStayUnlessTheRulesSayOtherwise) {
  put(manifest("a", "m"));
  EXPECT_EQ(settle(manifest_review("m"), keep_all(at(1000))).keeper.value().kind, KeeperKind::untagged);
  EXPECT_FALSE(manifest_review("m"));
  const CandidatePage page = run_task(collection().untagged_manifests({}, 100));
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(page.entries[0].due, std::nullopt);
  const ReviewOutcome young = settle(page.entries[0], {.now = at(1000), .keep_untagged = 2000s});
  EXPECT_EQ(young.verdict, Verdict::waiting);
  EXPECT_EQ(young.keeper.value().until, at(2000));
  EXPECT_EQ(manifest_review("m").value().due, at(2000));
  EXPECT_EQ(settle(manifest_review("m"), {.now = at(2000), .keep_untagged = 2000s}).verdict, Verdict::removed);
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("m"))));
  EXPECT_FALSE(run_task(store().list_repositories(std::nullopt, 10)).entries.size());
}

TEST_P(CollectionContract, APromiseKeepsAnUntaggedManifest) {
  put(manifest("a", "m"));  // promised until 100
  EXPECT_EQ(settle(manifest_review("m"), take_untagged(at(99))).keeper.value().kind, KeeperKind::promise);
  EXPECT_EQ(settle(manifest_review("m"), take_untagged(at(100))).verdict, Verdict::removed);
}

TEST_P(CollectionContract, AnIndexKeepsItsChildrenAndTheyGoAfterIt) {
  put(manifest("a", "child"));
  put(with_tags(with_reference(manifest("a", "index"), ReferenceKind::manifest, "child"), {"v1"}));
  EXPECT_EQ(settle(manifest_review("child"), take_untagged(at(1000))).keeper.value().kind, KeeperKind::index);
  run_task(store().delete_tag(tag_deletion("a", "v1")));
  EXPECT_EQ(collect(take_untagged(at(1000))).size(), 2U);
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("child"))));
}

TEST_P(CollectionContract, ASubjectKeepsItsReferrersInWhateverOrderTheyCame) {
  put(with_subject(manifest("a", "signature"), "image", "application/x"));
  EXPECT_EQ(settle(manifest_review("signature"), take_untagged(at(50))).keeper.value().kind, KeeperKind::promise);
  put(with_tags(manifest("a", "image"), {"v1"}));
  EXPECT_EQ(settle(manifest_review("signature"), take_untagged(at(1000))).keeper.value().kind, KeeperKind::subject);
  remove("a", "image");
  EXPECT_EQ(collect(take_untagged(at(1000))).size(), 1U);
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("signature"))));
}

TEST_P(CollectionContract, ASignatureUnderCosignsTagGoesWithWhatItSigns) {
  put(with_tags(manifest("a", "image"), {"v1"}));
  const Tag tag = cosign_tag(digest("image"), ".sig").value();
  put(with_tags(manifest("a", "signature"), {tag.text()}));
  EXPECT_EQ(settle(manifest_review("signature"), take_untagged(at(1000))).keeper.value().kind, KeeperKind::tag);
  remove("a", "image");
  const ReviewOutcome kept = settle(manifest_review("signature"), keep_all(at(1000)));
  EXPECT_EQ(kept.keeper.value().kind, KeeperKind::untagged) << "it counts as untagged, and these are kept";
  put(with_tags(manifest("a", "signature"), {tag.text()}));
  const ReviewOutcome gone = settle(manifest_review("signature"), take_untagged(at(1000)));
  EXPECT_EQ(gone.verdict, Verdict::removed);
  EXPECT_EQ(gone.tags, std::vector<Tag>{tag});
  EXPECT_FALSE(run_task(store().find_tagged_manifest(repo("a"), tag)));
  EXPECT_EQ(run_task(store().tag_history(repo("a"), tag, 1)).at(0).who, "garbage collection");
}

TEST_P(CollectionContract, AReferenceWithoutALinkKeepsABlobAndLetsItGo) {
  commit(blob("b", "layer"));
  PutManifest sparse = with_reference(manifest("a", "m"), ReferenceKind::layer, "layer");
  sparse.references.back().is_required = false;
  put(with_tags(sparse, {"v1"}));
  EXPECT_EQ(settle(review(ReviewKind::link, repo("b"), digest("layer")), keep_all(at(1000))).verdict, Verdict::removed);
  EXPECT_EQ(settle(blob_review("layer"), keep_all(at(1000))).keeper.value().kind, KeeperKind::reference);
  remove("a", "m");
  EXPECT_EQ(collect(keep_all(at(1000))).size(), 1U);
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::deleting);
}

TEST_P(CollectionContract, AManifestKeepsItsCopyAmongTheBlobs) {
  put(with_tags(manifest("a", "m"), {"v1"}));
  for (const ManifestCopy& copy : run_task(store().pending_manifest_copies(10))) {
    run_task(store().finish_manifest_copy(copy.queue_id, copy.digest, copy.bytes.size(), at(5)));
  }
  const Candidate copy{ReviewKind::blob, std::nullopt, digest("m"), std::nullopt};
  EXPECT_EQ(settle(copy, keep_all(at(1000))).keeper.value().kind, KeeperKind::copy);
  remove("a", "m");
  EXPECT_EQ(collect(keep_all(at(1000))).size(), 1U);
  EXPECT_EQ(run_task(store().blob_state(digest("m"))), BlobState::deleting);
}

TEST_P(CollectionContract, AMarkedBlobIsAbsentToEverybodyUntilItsBytesCameAgain) {
  commit(blob("a", "layer"));
  collect(keep_all(at(1000)));
  ASSERT_EQ(run_task(collection().deleting_blobs(std::nullopt, 10)).size(), 1U);
  MountBlob mount{repo("b"), digest("layer"), std::nullopt, at(1000), at(1100), at(1200)};
  EXPECT_FALSE(run_task(store().mount_blob(mount)).link);
  EXPECT_FALSE(run_task(store().renew_blob_promise(repo("a"), digest("layer"), at(2000))));

  commit(blob("a", "layer"));
  EXPECT_TRUE(run_task(collection().deleting_blobs(std::nullopt, 10)).empty());
  run_task(collection().finish_removals({digest("layer")}));
  EXPECT_TRUE(run_task(store().find_blob(repo("a"), digest("layer")))) << "the row of fresh bytes stays";
}

TEST_P(CollectionContract, FinishedRemovalsLeaveNothing) {
  commit(blob("a", "one"));
  commit(blob("a", "two"));
  collect(keep_all(at(1000)));
  const std::vector<DeletingBlob> marked = run_task(collection().deleting_blobs(std::nullopt, 10));
  ASSERT_EQ(marked.size(), 2U);
  EXPECT_EQ(run_task(collection().deleting_blobs(marked[0].digest, 10)).size(), 1U);
  run_task(collection().finish_removals({digest("one"), digest("two")}));
  EXPECT_EQ(run_task(store().blob_state(digest("one"))), std::nullopt);
  EXPECT_TRUE(run_task(collection().all_candidates({}, 100)).entries.empty());
}

TEST_P(CollectionContract, TellsWhatKeepsAndWhyItWent) {
  commit(blob("a", "layer"));
  put(with_tags(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"), {"v1"}));
  Explanation kept = run_task(collection().explain(digest("layer"), 10));
  EXPECT_EQ(kept.blob.value().size_bytes, 5U);
  std::set<KeeperKind> kinds;
  for (const Keeper& keeper : kept.keepers) kinds.insert(keeper.kind);
  EXPECT_EQ(kinds, (std::set{KeeperKind::link, KeeperKind::reference}));
  EXPECT_EQ(kept.reviews.size(), 1U);
  EXPECT_TRUE(kept.removals.empty());

  remove("a", "m");
  collect(keep_all(at(1000)));
  run_task(collection().finish_removals({digest("layer")}));
  const Explanation gone = run_task(collection().explain(digest("layer"), 10));
  EXPECT_FALSE(gone.blob);
  EXPECT_TRUE(gone.keepers.empty());
  ASSERT_EQ(gone.removals.size(), 1U);
  EXPECT_EQ(gone.removals[0].at, at(1000));
  EXPECT_EQ(gone.removals[0].size_bytes, 5U);
  EXPECT_EQ(run_task(collection().explain(digest("m"), 10)).removals.at(0).why, "deleted by bob");

  EXPECT_EQ(run_task(collection().forget_removals(at(1001), 1)), 1U);
  EXPECT_EQ(run_task(collection().forget_removals(at(1001), 10)), 1U);
  EXPECT_TRUE(run_task(collection().explain(digest("layer"), 10)).removals.empty());
}

TEST_P(CollectionContract, WalksInSmallStepsSeeEverythingOnce) {
  std::set<Digest> untagged;
  for (int i = 0; i < 25; ++i) {
    commit(blob("a", "layer" + std::to_string(i)));
    put(i % 3 == 0 ? with_tags(manifest("a", "m" + std::to_string(i)), {"v" + std::to_string(i)})
                   : manifest("b", "m" + std::to_string(i)));
    if (i % 3 != 0) untagged.insert(digest("m" + std::to_string(i)));
  }
  std::size_t seen = 0;
  std::optional<WalkPosition> position = WalkPosition();
  while (position) {
    CandidatePage page = run_task(collection().all_candidates(*position, 4));
    EXPECT_LE(page.entries.size(), 4U);
    seen += page.entries.size();
    position = page.next;
  }
  EXPECT_EQ(seen, 50U);
  position = WalkPosition();
  while (position) {
    CandidatePage page = run_task(collection().untagged_manifests(*position, 4));
    for (const Candidate& candidate : page.entries) EXPECT_EQ(untagged.erase(candidate.digest), 1U);
    position = page.next;
  }
  EXPECT_TRUE(untagged.empty());
}

TEST_P(CollectionContract, WhatTheCollectorRemovesIsCounted) {
  if (changes() == nullptr) GTEST_SKIP() << "not this store's part";
  commit(blob("a", "layer"));
  put(manifest("a", "m"));
  const auto link = changes()->of_link(repo("a"), digest("layer"));
  const auto bytes = changes()->of_blob(digest("layer"));
  const auto manifest = changes()->of_manifest(repo("a"), digest("m"));
  const auto catalog = changes()->of_catalog();
  collect(keep_all(at(50)));
  EXPECT_TRUE(changes()->stands(link) && changes()->stands(bytes) && changes()->stands(manifest));
  collect(take_untagged(at(1000)));
  EXPECT_FALSE(changes()->stands(link));
  EXPECT_FALSE(changes()->stands(bytes));
  EXPECT_FALSE(changes()->stands(manifest));
  EXPECT_FALSE(changes()->stands(catalog));
}

namespace {

/// Some hundred pushes and deletes of few names, so that everything refers to everything.
class RandomWorld {
 public:
  explicit RandomWorld(std::uint32_t seed) : random_(seed) {}

  void play(MetadataStore& store, int steps) {
    for (int i = 0; i < steps; ++i) step(store);
  }

 private:
  std::size_t pick(std::size_t count) { return random_() % count; }
  std::string repository() { return std::string(1, static_cast<char>('a' + pick(3))); }
  std::string layer() { return "layer" + std::to_string(pick(12)); }
  std::string image() { return "m" + std::to_string(pick(20)); }

  void step(MetadataStore& store) {
    const std::string where = repository();
    CommitBlob bytes = blob(where, layer());
    bytes.promised_until = at(static_cast<std::int64_t>(pick(200)));
    switch (pick(8)) {
      case 0:
      case 1:
        run_task(store.commit_blob(bytes));
        return;
      case 2:
      case 3:
      case 4:
        run_task(store.put_manifest(make(where)));
        return;
      case 5:
        run_task(store.delete_manifest(deletion(where, image())));
        return;
      case 6:
        run_task(store.delete_tag(tag_deletion(where, "t" + std::to_string(pick(6)))));
        return;
      default:
        for (const ManifestCopy& copy : run_task(store.pending_manifest_copies(2))) {
          run_task(store.finish_manifest_copy(copy.queue_id, copy.digest, copy.bytes.size(), at(5)));
        }
        return;
    }
  }

  PutManifest make(const std::string& where) {
    // What a manifest names follows from its content, as it does in the world.
    const std::size_t number = pick(20);
    PutManifest put = manifest(where, "m" + std::to_string(number));
    put.promised_until = at(static_cast<std::int64_t>(pick(200)));
    const auto name = [&put](ReferenceKind kind, const std::string& content) {
      put.references.push_back(
          {.kind = kind, .digest = digest(content), .size_bytes = content.size(), .is_required = false});
    };
    name(ReferenceKind::layer, "layer" + std::to_string(number % 12));
    name(ReferenceKind::config, "layer" + std::to_string(number * 7 % 12));
    if (number % 4 == 3) name(ReferenceKind::manifest, "m" + std::to_string(number / 2));
    if (number % 5 == 4) put.subject = digest("m" + std::to_string(number - 1));
    if (pick(3) == 0) put.tags.push_back(tag("t" + std::to_string(pick(6))));
    if (pick(8) == 0) put.tags.push_back(cosign_tag(digest("m" + std::to_string(pick(20))), ".sig").value());
    return put;
  }

  std::mt19937 random_;
};

}  // namespace

TEST_P(CollectionContract, ARunThatOnlyLooksFindsWhatARealOneRemoves) {
  std::size_t removed = 0;
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    start_afresh();
    RandomWorld(seed).play(store(), 80);
    for (const CollectionRules& rules : {keep_all(at(100)), take_untagged(at(120)), take_untagged(at(1000))}) {
      const std::multiset<std::string> foreseen = preview(rules);
      EXPECT_EQ(foreseen, collect(rules));
      EXPECT_TRUE(preview(rules).empty()) << "a fixed point";
      removed += foreseen.size();
    }
  }
  EXPECT_GT(removed, 200U) << "the worlds have something to collect";
}

TEST_P(CollectionContract, DecidesAsTheStoreInMemoryDoes) {
  for (std::uint32_t seed = 100; seed < 112; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    start_afresh();
    RandomWorld(seed).play(store(), 80);
    const std::multiset<std::string> here = collect(take_untagged(at(150)));

    CollectedStore memory = make_memory({});
    RandomWorld(seed).play(*memory.metadata, 80);
    std::swap(made_, memory);
    EXPECT_EQ(collect(take_untagged(at(150))), here);
    std::swap(made_, memory);
  }
}

}  // namespace berth
