// The contract of ScrubStore: the walks over the blobs, what a blob is part of, files without a record.
#include <algorithm>

#include "metadata/memory/memory_metadata_store.h"
#include "metadata/metadata_store_contract.h"
#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {
namespace {

/// Both sides of one store.
struct ScrubbedStore {
  std::unique_ptr<MetadataStore> metadata;
  ScrubStore* scrub = nullptr;
};

struct ScrubbedStoreFactory {
  std::string name;
  ScrubbedStore (*make)(const std::filesystem::path& directory);
};

ScrubbedStore make_memory(const std::filesystem::path& /*directory*/) {
  auto store = std::make_unique<MemoryMetadataStore>();
  ScrubStore* const scrub = store.get();
  return {std::move(store), scrub};
}

ScrubbedStore make_sqlite(const std::filesystem::path& directory) {
  auto store = std::make_unique<SqliteMetadataStore>(SqliteOptions{.path = directory / "metadata.db"});
  ScrubStore* const scrub = &store->scrub();
  return {std::move(store), scrub};
}

class ScrubContract : public testing::TestWithParam<ScrubbedStoreFactory> {
 protected:
  MetadataStore& store() { return *made_.metadata; }
  ScrubStore& scrub() { return *made_.scrub; }

  void commit(std::string_view content, WallTime now = at(0)) {
    CommitBlob committed = blob("a", content);
    committed.now = now;
    run_task(store().commit_blob(std::move(committed)));
  }
  void put(PutManifest to_put) {
    ASSERT_TRUE(std::holds_alternative<ManifestPut>(run_task(store().put_manifest(std::move(to_put)))));
  }
  std::optional<BlobRecord> record(std::string_view content) {
    return run_task(scrub().find_blob_record(digest(content)));
  }
  /// The digests of a whole walk in pages of two.
  std::vector<Digest> walk_all() {
    std::vector<Digest> seen;
    std::optional<Digest> after;
    for (;;) {
      const std::vector<BlobRecord> page = run_task(scrub().list_blobs(after, 2));
      if (page.empty()) return seen;
      EXPECT_LE(page.size(), 2U);
      for (const BlobRecord& each : page) seen.push_back(each.digest);
      after = seen.back();
    }
  }
  std::vector<Digest> walk_oldest(WallTime before) {
    std::vector<Digest> seen;
    std::optional<BlobRecord> after;
    for (;;) {
      const std::vector<BlobRecord> page = run_task(scrub().least_recently_verified(before, after, 2));
      if (page.empty()) return seen;
      for (const BlobRecord& each : page) seen.push_back(each.digest);
      after = page.back();
    }
  }
  static std::vector<Digest> digests(std::initializer_list<std::string_view> contents) {
    std::vector<Digest> all;
    for (const std::string_view content : contents) all.push_back(digest(content));
    return all;
  }

 private:
  TemporaryDirectory directory_;
  ScrubbedStore made_ = GetParam().make(directory_.path());
};

INSTANTIATE_TEST_SUITE_P(Stores, ScrubContract,
                         testing::Values(ScrubbedStoreFactory{"memory", make_memory},
                                         ScrubbedStoreFactory{"sqlite", make_sqlite}),
                         [](const testing::TestParamInfo<ScrubbedStoreFactory>& info) { return info.param.name; });

}  // namespace

TEST_P(ScrubContract, WalksAllBlobsInTheOrderOfTheirDigestsWhateverTheirState) {
  EXPECT_TRUE(walk_all().empty());
  std::vector<Digest> all;
  for (const std::string content : {"one", "two", "three", "four", "five"}) {
    commit(content);
    all.push_back(digest(content));
  }
  run_task(store().mark_blob_missing(digest("two")));
  std::ranges::sort(all);
  EXPECT_EQ(walk_all(), all);
  EXPECT_EQ(record("two"), (BlobRecord{digest("two"), 3, BlobState::missing, at(0)}));
  EXPECT_EQ(record("three"), (BlobRecord{digest("three"), 5, BlobState::present, at(0)}));
  EXPECT_EQ(record("six"), std::nullopt);
}

TEST_P(ScrubContract, ListsWhatWasVerifiedTheLongestAgoFirst) {
  commit("a", at(3));
  commit("b", at(1));
  commit("c", at(2));
  commit("d", at(9));
  commit("lost", at(0));
  run_task(store().mark_blob_missing(digest("lost")));
  EXPECT_EQ(walk_oldest(at(9)), digests({"b", "c", "a"}));
  run_task(scrub().record_verified(digests({"b", "lost", "unknown"}), at(5)));
  EXPECT_EQ(walk_oldest(at(9)), digests({"c", "a", "b"}));
  EXPECT_EQ(walk_oldest(at(3)), digests({"c"}));
  EXPECT_EQ(record("b").value().verified, at(5));
  EXPECT_EQ(record("lost").value().verified, at(0)) << "what is missing was not verified";
}

TEST_P(ScrubContract, WalksBlobsOfOneMomentToTheEnd) {
  std::vector<Digest> all;
  for (const std::string content : {"one", "two", "three", "four", "five"}) {
    commit(content);
    all.push_back(digest(content));
  }
  std::ranges::sort(all);
  EXPECT_EQ(walk_oldest(at(1)), all);
}

TEST_P(ScrubContract, APushSaysThatTheBytesAreGood) {
  commit("layer", at(1));
  commit("layer", at(7));
  EXPECT_EQ(record("layer").value().verified, at(7));
  put(manifest("a", "m"));
  run_task(store().finish_manifest_copy(1, digest("m"), 1, at(4)));
  EXPECT_EQ(record("m").value().verified, at(4));
}

TEST_P(ScrubContract, AMissingBlobIsFoundOnce) {
  commit("layer");
  EXPECT_FALSE(run_task(scrub().mark_blob_found(digest("layer"), at(5)))) << "it is not missing";
  run_task(store().mark_blob_missing(digest("layer")));
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_TRUE(run_task(scrub().mark_blob_found(digest("layer"), at(5))));
  EXPECT_FALSE(run_task(scrub().mark_blob_found(digest("layer"), at(5))));
  EXPECT_TRUE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_EQ(record("layer").value().verified, at(5));
  EXPECT_FALSE(run_task(scrub().mark_blob_found(digest("nobody's"), at(5))));
}

TEST_P(ScrubContract, TellsWhichDigestsHaveNoRecord) {
  commit("a");
  commit("b");
  run_task(store().mark_blob_missing(digest("b")));
  EXPECT_EQ(run_task(scrub().without_record(digests({"x", "a", "y", "b"}))), digests({"x", "y"}));
}

TEST_P(ScrubContract, NamesTheImagesThatABlobIsPartOf) {
  commit("layer");
  put(with_tags(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"), {"v1", "v2"}));
  run_task(store().commit_blob(blob("b", "layer")));
  put(with_reference(manifest("b", "n"), ReferenceKind::layer, "layer"));
  put(with_tags(with_reference(manifest("b", "index"), ReferenceKind::manifest, "n"), {"latest"}));
  const AffectedImages images = run_task(scrub().images_of(digest("layer"), 10));
  EXPECT_TRUE(images.are_all);
  ASSERT_EQ(images.entries.size(), 3U);
  const auto has = [&images](const AffectedImage& image) {
    return std::ranges::find(images.entries, image) != images.entries.end();
  };
  EXPECT_TRUE(has({repo("a"), digest("m"), {tag("v1"), tag("v2")}}));
  EXPECT_TRUE(has({repo("b"), digest("n"), {}}));
  EXPECT_TRUE(has({repo("b"), digest("index"), {tag("latest")}})) << "through which people reach it";
}

TEST_P(ScrubContract, NamesTheImageThatABlobIsTheCopyOf) {
  put(with_tags(manifest("a", "m"), {"v1"}));
  const AffectedImages images = run_task(scrub().images_of(digest("m"), 10));
  EXPECT_EQ(images.entries, (std::vector<AffectedImage>{{repo("a"), digest("m"), {tag("v1")}}}));
  EXPECT_TRUE(run_task(scrub().images_of(digest("nobody's"), 10)).entries.empty());
}

TEST_P(ScrubContract, NamesOnlySoManyImages) {
  for (const std::string name : {"a", "b", "c"}) {
    run_task(store().commit_blob(blob(name, "layer")));
    put(with_tags(with_reference(manifest(name, "m"), ReferenceKind::layer, "layer"), {"t1", "t2", "t3"}));
  }
  const AffectedImages images = run_task(scrub().images_of(digest("layer"), 2));
  EXPECT_FALSE(images.are_all);
  ASSERT_EQ(images.entries.size(), 2U);
  EXPECT_EQ(images.entries[0].tags.size(), 2U);
  EXPECT_TRUE(run_task(scrub().images_of(digest("layer"), 3)).are_all);
}

TEST_P(ScrubContract, GivesTheBytesOfAManifest) {
  put(manifest("a", "m"));
  const std::optional<SharedBytes> bytes = run_task(scrub().manifest_bytes(digest("m")));
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(bytes->view(), "m");
  EXPECT_FALSE(run_task(scrub().manifest_bytes(digest("layer"))).has_value());
}

TEST_P(ScrubContract, RemembersSinceWhenAFileHasNoRecord) {
  using Times = std::vector<WallTime>;
  EXPECT_EQ(run_task(scrub().note_orphans(digests({"x", "y"}), at(1))), (Times{at(1), at(1)}));
  EXPECT_EQ(run_task(scrub().note_orphans(digests({"z", "x"}), at(5))), (Times{at(5), at(1)}));
  EXPECT_EQ(run_task(scrub().forget_orphans(at(5), 10)), 1U) << "y was not seen again";
  EXPECT_EQ(run_task(scrub().note_orphans(digests({"y", "x"}), at(8))), (Times{at(8), at(1)}));
  EXPECT_EQ(run_task(scrub().forget_orphans(at(9), 2)), 2U);
  EXPECT_EQ(run_task(scrub().forget_orphans(at(9), 2)), 1U);
  EXPECT_TRUE(run_task(scrub().note_orphans({}, at(1))).empty());
}

TEST_P(ScrubContract, RemembersThatRowsAndFilesAreToBeCompared) {
  EXPECT_FALSE(run_task(scrub().must_compare()));
  run_task(scrub().set_must_compare(true));
  EXPECT_TRUE(run_task(scrub().must_compare()));
  run_task(scrub().set_must_compare(false));
  EXPECT_FALSE(run_task(scrub().must_compare()));
}

}  // namespace berth
