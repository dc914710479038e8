// The contract of TrashStore: what rests there keeps its blobs, serves nothing, and comes back whole or not at all.
#include <algorithm>
#include <iterator>

#include "metadata/collection_contract.h"

namespace berth {

TEST_P(CollectionContract, TheTrashKeepsBlobsAndServesNothing) {
  commit(blob("a", "layer"));
  put(with_tags(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"), {"v1", "v2"}));
  throw_away("a", "m");
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("m"))));
  EXPECT_EQ(collect(with_trash(keep_all(at(1000)))).size(), 1U) << "the link";
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::present);
  const Candidate bytes{ReviewKind::blob, std::nullopt, digest("layer"), std::nullopt};
  EXPECT_EQ(settle(bytes, keep_all(at(1000))).keeper.value().kind, KeeperKind::trash);

  const Page<TrashedManifest> page = run_task(trash().list_trash(repo("a"), 0, 10));
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(page.entries[0].digest, digest("m"));
  EXPECT_EQ(page.entries[0].who, "bob");
  EXPECT_EQ(page.entries[0].trashed, at(10));
  EXPECT_EQ(page.entries[0].tags, (std::vector{tag("v1"), tag("v2")}));
  EXPECT_TRUE(run_task(trash().list_trash(repo("b"), 0, 10)).entries.empty());
  const TrashSummary summary = run_task(trash().summarize_trash());
  EXPECT_EQ(summary.manifests, 1U);
  EXPECT_EQ(summary.blobs, 1U);
  EXPECT_EQ(summary.blob_bytes, 5U);
  EXPECT_EQ(summary.oldest, at(10));

  EXPECT_EQ(run_task(trash().expire_trash(at(10), at(1000), 10)), 0U);
  EXPECT_EQ(run_task(trash().expire_trash(at(11), at(1000), 10)), 1U);
  EXPECT_EQ(collect(keep_all(at(1000))).size(), 1U);
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::deleting);
}

TEST_P(CollectionContract, WhatIsBroughtBackIsWhole) {
  commit(blob("a", "layer"));
  put(with_reference(manifest("a", "child"), ReferenceKind::layer, "layer"));
  put(with_tags(with_reference(manifest("a", "index"), ReferenceKind::manifest, "child"), {"v1", "v2"}));
  put(with_subject(manifest("a", "signature"), "index", "application/x"));
  throw_away("a", "index");
  collect(with_trash(take_untagged(at(1000))));
  EXPECT_EQ(trash_size(), 3U);
  EXPECT_TRUE(run_task(store().list_repositories(std::nullopt, 10)).entries.empty());
  put(with_tags(manifest("a", "other"), {"v2"}));

  const RestoreOutcome outcome = restore("a", "index");
  const auto* restored = std::get_if<Restored>(&outcome);
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(restored->manifests.size(), 3U);
  EXPECT_EQ(restored->tags, std::vector{tag("v1")});
  EXPECT_EQ(restored->taken, std::vector{tag("v2")});
  EXPECT_EQ(run_task(store().find_tagged_manifest(repo("a"), tag("v1"))).value().digest, digest("index"));
  EXPECT_EQ(run_task(store().find_tagged_manifest(repo("a"), tag("v2"))).value().digest, digest("other"));
  EXPECT_TRUE(run_task(store().find_manifest(repo("a"), digest("child"))));
  EXPECT_EQ(run_task(store().find_blob(repo("a"), digest("layer"))).value().promised_until, at(2000));
  EXPECT_EQ(run_task(store().list_referrers(repo("a"), digest("index"), std::nullopt, std::nullopt, 10)).entries.size(),
            1U);
  EXPECT_EQ(run_task(store().tag_history(repo("a"), tag("v1"), 1)).at(0).who, "carol");
  EXPECT_EQ(trash_size(), 0U);
  EXPECT_TRUE(collect(with_trash(take_untagged(at(5000)))).empty());
}

TEST_P(CollectionContract, WhatCannotBeWholeIsNotBroughtBack) {
  commit(blob("a", "layer"));
  put(with_tags(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"), {"v1"}));
  throw_away("a", "m");
  run_task(store().mark_blob_missing(digest("layer")));
  const RestoreOutcome outcome = restore("a", "m");
  ASSERT_TRUE(std::holds_alternative<RestoreRefused>(outcome));
  EXPECT_EQ(std::get<RestoreRefused>(outcome).missing, std::vector{digest("layer")});
  EXPECT_EQ(trash_size(), 1U);
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("m"))));
  commit(blob("a", "layer"));
  EXPECT_TRUE(std::holds_alternative<Restored>(restore("a", "m"))) << "healed by a push";
  EXPECT_TRUE(std::holds_alternative<NotInTrash>(restore("a", "m")));
  EXPECT_TRUE(std::holds_alternative<NotInTrash>(restore("nowhere", "m")));
}

TEST_P(CollectionContract, APushTakesAManifestOutOfTheTrash) {
  put(with_tags(manifest("a", "m"), {"v1"}));
  put(manifest("b", "m"));
  throw_away("a", "m");
  throw_away("b", "m");
  put(manifest("a", "m"));
  EXPECT_EQ(trash_size(), 1U);
  EXPECT_TRUE(std::holds_alternative<NotInTrash>(restore("a", "m")));
  EXPECT_TRUE(std::holds_alternative<Restored>(restore("b", "m")));
}

TEST_P(CollectionContract, ALookForeseesWhatTheTrashKeepsAndWhatEmptyingFrees) {
  commit(blob("a", "layer"));
  commit(blob("a", "old layer"));
  put(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"));
  put(with_reference(manifest("a", "old"), ReferenceKind::layer, "old layer"));
  throw_away("a", "old");
  const CollectionRules rules = with_trash(take_untagged(at(1000)));
  const std::multiset<std::string> foreseen = preview(rules);
  EXPECT_EQ(foreseen.size(), 3U) << "a manifest and two links, no blob";

  const auto emptied = collection().preview();
  std::multiset<std::string> without;
  std::vector<Candidate> candidates = run_task(emptied->empty_trash());
  std::ranges::copy(run_task(collection().all_candidates({}, 1000)).entries, std::back_inserter(candidates));
  while (!candidates.empty()) {
    add_removed(run_task(emptied->settle(std::move(candidates), take_untagged(at(1000)))), without);
    candidates = emptied->take_follow_ups();
  }
  EXPECT_EQ(collect(rules), foreseen);
  EXPECT_EQ(trash_size(), 2U);
  EXPECT_EQ(run_task(trash().expire_trash(at(5000), at(1000), 10)), 2U);
  EXPECT_EQ(foreseen.size() + collect(take_untagged(at(1000))).size(), without.size());
}

}  // namespace berth
