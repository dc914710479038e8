#include "metadata/change_counting_store.h"

#include <gtest/gtest.h>

#include "base/failure.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/metadata_store_contract.h"
#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {
namespace {

class ChangeCounting : public testing::Test {
 protected:
  void put(PutManifest to_put) { run_task(store_.put_manifest(std::move(to_put))); }

  MemoryMetadataStore inner_;
  ChangeNumbers changes_;
  ChangeCountingStore store_{inner_, changes_};
};

TEST_F(ChangeCounting, AMovedTagIsNoLongerWhatWasRead) {
  put(with_tags(manifest("a", "one"), {"v1", "v2"}));
  const auto v1 = changes_.of_tag(repo("a"), tag("v1"));
  const auto v2 = changes_.of_tag(repo("a"), tag("v2"));
  const auto list = changes_.of_tag_list(repo("a"));
  const auto catalog = changes_.of_catalog();
  put(with_tags(manifest("a", "two"), {"v1"}));
  EXPECT_FALSE(changes_.stands(v1));
  EXPECT_TRUE(changes_.stands(v2));
  EXPECT_TRUE(changes_.stands(list)) << "no tag came or went";
  EXPECT_TRUE(changes_.stands(catalog));
}

TEST_F(ChangeCounting, ANewTagChangesTheListAndAFirstManifestTheCatalog) {
  const auto list = changes_.of_tag_list(repo("a"));
  const auto catalog = changes_.of_catalog();
  put(manifest("a", "one"));
  EXPECT_TRUE(changes_.stands(list));
  EXPECT_FALSE(changes_.stands(catalog));
  put(with_tags(manifest("a", "one"), {"v1"}));
  EXPECT_FALSE(changes_.stands(list));
}

TEST_F(ChangeCounting, ARefusedPutChangesNothingButMayBeCounted) {
  const auto catalog = changes_.of_catalog();
  const auto list = changes_.of_tag_list(repo("a"));
  put(with_tags(with_reference(manifest("a", "index"), ReferenceKind::manifest, "missing"), {"v1"}));
  EXPECT_TRUE(changes_.stands(catalog));
  EXPECT_TRUE(changes_.stands(list));
}

TEST_F(ChangeCounting, ADeletedManifestTakesItsTagsAlong) {
  put(with_tags(manifest("a", "one"), {"v1"}));
  const auto by_digest = changes_.of_manifest(repo("a"), digest("one"));
  const auto by_tag = changes_.of_tag(repo("a"), tag("v1"));
  const auto list = changes_.of_tag_list(repo("a"));
  const auto catalog = changes_.of_catalog();
  EXPECT_TRUE(std::holds_alternative<ManifestDeleted>(run_task(store_.delete_manifest(deletion("a", "one")))));
  for (const auto& mark : {by_digest, by_tag, list, catalog}) EXPECT_FALSE(changes_.stands(mark));
}

TEST_F(ChangeCounting, ADeletedTagIsCounted) {
  put(with_tags(manifest("a", "one"), {"v1"}));
  const auto by_tag = changes_.of_tag(repo("a"), tag("v1"));
  const auto by_digest = changes_.of_manifest(repo("a"), digest("one"));
  run_task(store_.delete_tag(tag_deletion("a", "v1")));
  EXPECT_FALSE(changes_.stands(by_tag));
  EXPECT_TRUE(changes_.stands(by_digest));
}

TEST_F(ChangeCounting, BlobsAndTheirLinksAreCountedApart) {
  run_task(store_.commit_blob(blob("a", "layer")));
  run_task(store_.commit_blob(blob("b", "layer")));
  const auto in_a = changes_.of_link(repo("a"), digest("layer"));
  const auto in_b = changes_.of_link(repo("b"), digest("layer"));
  const auto bytes = changes_.of_blob(digest("layer"));
  run_task(store_.delete_blob(repo("a"), digest("layer"), at(1), at(2)));
  EXPECT_FALSE(changes_.stands(in_a));
  EXPECT_TRUE(changes_.stands(in_b));
  EXPECT_TRUE(changes_.stands(bytes));
  run_task(store_.mark_blob_missing(digest("layer")));
  EXPECT_FALSE(changes_.stands(bytes));
  const auto damaged = changes_.of_blob(digest("layer"));
  run_task(store_.commit_blob(blob("b", "layer")));
  EXPECT_FALSE(changes_.stands(damaged)) << "fresh bytes lie there now";
}

TEST_F(ChangeCounting, AWriteThatFailedIsCountedAsIfItHadHappened) {
  TemporaryDirectory directory;
  SqliteMetadataStore full({.path = directory.path() / "metadata.db", .write_queue_limit = 0});
  ChangeCountingStore store(full, changes_);
  const auto tag_mark = changes_.of_tag(repo("a"), tag("v1"));
  const auto list = changes_.of_tag_list(repo("a"));
  const auto catalog = changes_.of_catalog();
  EXPECT_THROW(run_task(store.put_manifest(with_tags(manifest("a", "one"), {"v1"}))), Failure);
  for (const auto& mark : {tag_mark, list, catalog}) EXPECT_FALSE(changes_.stands(mark));
  const auto other = changes_.of_tag(repo("b"), tag("v9"));
  EXPECT_THROW(run_task(store.delete_manifest(deletion("a", "one"))), Failure);
  EXPECT_FALSE(changes_.stands(other)) << "which tags went with it is not known";
}

TEST_F(ChangeCounting, AMarkOfNothingAlwaysStands) {
  const ChangeNumbers::Mark none;
  changes_.everything_changed();
  EXPECT_TRUE(changes_.stands(none));
}

}  // namespace
}  // namespace berth
