// The contract of PinStore: what is pinned stays, and a pin goes with its manifest.
#include <algorithm>

#include "metadata/collection_store.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/metadata_store_contract.h"
#include "metadata/pin_store.h"
#include "metadata/repository_store.h"
#include "metadata/retention_store.h"
#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {
namespace {

/// All sides of one store.
struct PinnedStore {
  std::unique_ptr<MetadataStore> metadata;
  PinStore* pins = nullptr;
  CollectionStore* collection = nullptr;
  RetentionStore* retention = nullptr;
  RepositoryStore* repositories = nullptr;
};

struct PinnedStoreFactory {
  std::string name;
  PinnedStore (*make)(const std::filesystem::path& directory);
};

PinnedStore make_memory(const std::filesystem::path& /*directory*/) {
  auto store = std::make_unique<MemoryMetadataStore>();
  MemoryMetadataStore* const all = store.get();
  return {std::move(store), all, all, all, all};
}

PinnedStore make_sqlite(const std::filesystem::path& directory) {
  auto store = std::make_unique<SqliteMetadataStore>(SqliteOptions{.path = directory / "metadata.db"});
  SqliteMetadataStore* const all = store.get();
  return {std::move(store), &all->pins(), &all->collection(), &all->retention(), &all->repositories()};
}

class PinContract : public testing::TestWithParam<PinnedStoreFactory> {
 protected:
  MetadataStore& store() { return *made_.metadata; }
  void put(PutManifest to_put) {
    ASSERT_TRUE(std::holds_alternative<ManifestPut>(run_task(store().put_manifest(std::move(to_put)))));
  }
  bool pin(std::string_view repository, std::string_view content, std::string why = "") {
    return run_task(made_.pins->put_pin({.repository = repo(repository),
                                         .digest = digest(content),
                                         .since = at(5),
                                         .who = "carol",
                                         .why = std::move(why)}));
  }
  bool unpin(std::string_view repository, std::string_view content) {
    return run_task(made_.pins->delete_pin(repo(repository), digest(content), at(500)));
  }
  /// In pages of `limit`, sorted.
  std::vector<std::string> pins(std::size_t limit = 1000) {
    std::vector<std::string> texts;
    std::optional<std::string> from = "";
    while (from) {
      const PinPage page = run_task(made_.pins->list_pins(*from, limit));
      EXPECT_LE(page.entries.size(), limit);
      for (const Pin& each : page.entries) texts.push_back(each.repository.text() + '@' + each.digest.to_string());
      from = page.next;
    }
    std::ranges::sort(texts);
    return texts;
  }
  static std::string text(std::string_view repository, std::string_view content) {
    return std::string(repository) + '@' + digest(content).to_string();
  }
  ReviewOutcome look_at(std::string_view content) {
    std::vector<Candidate> due = run_task(made_.collection->due_candidates(at(1000), 100));
    std::erase_if(due, [content](const Candidate& each) {
      return each.kind != ReviewKind::manifest || each.digest != digest(content);
    });
    EXPECT_EQ(due.size(), 1U) << "nobody looks at it";
    return run_task(made_.collection->settle(due, {.now = at(1000), .keep_untagged = std::chrono::seconds(0)})).at(0);
  }

  TemporaryDirectory directory_;
  PinnedStore made_ = GetParam().make(directory_.path());
};

INSTANTIATE_TEST_SUITE_P(Stores, PinContract,
                         testing::Values(PinnedStoreFactory{"memory", make_memory},
                                         PinnedStoreFactory{"sqlite", make_sqlite}),
                         [](const testing::TestParamInfo<PinnedStoreFactory>& info) { return info.param.name; });

}  // namespace

TEST_P(PinContract, KeepsAManifestFromTheCollector) {
  put(manifest("a", "m"));
  ASSERT_TRUE(pin("a", "m"));
  const ReviewOutcome kept = look_at("m");
  EXPECT_EQ(kept.verdict, Verdict::kept);
  EXPECT_EQ(kept.keeper.value().kind, KeeperKind::pin);
  const std::vector<Keeper> keepers = run_task(made_.collection->explain(digest("m"), 10)).keepers;
  EXPECT_TRUE(std::ranges::any_of(keepers, [](const Keeper& each) { return each.kind == KeeperKind::pin; }));

  ASSERT_TRUE(unpin("a", "m"));
  EXPECT_EQ(look_at("m").verdict, Verdict::removed);
}

TEST_P(PinContract, KeepsAManifestAndItsTagsFromRetention) {
  put(with_tags(manifest("a", "tagged"), {"v1"}));
  put(manifest("a", "untagged"));
  pin("a", "tagged");
  pin("a", "untagged");
  const std::optional<std::vector<HeldManifest>> held = run_task(made_.retention->held_manifests(repo("a"), 100));
  for (const HeldManifest& each : held.value()) EXPECT_TRUE(each.is_pinned);
  const auto remove = [this] {
    return run_task(made_.retention->delete_unchanged(
                        {.repository = repo("a"),
                         .contents = {{.tag = tag("v1"), .digest = digest("tagged"), .since = at(0)},
                                      {.tag = std::nullopt, .digest = digest("untagged"), .since = at(0)}},
                         .who = "retention",
                         .now = at(1000),
                         .review_due = at(2000)}))
        .outcomes;
  };
  EXPECT_EQ(remove(), std::vector(2, DeletionOutcome::in_use));
  unpin("a", "tagged");
  unpin("a", "untagged");
  EXPECT_EQ(remove(), std::vector(2, DeletionOutcome::deleted));
}

TEST_P(PinContract, OnlyWhatIsThereIsPinnedAndAPinGoesWithIt) {
  EXPECT_FALSE(pin("a", "m"));
  put(with_tags(manifest("a", "m"), {"v1"}));
  EXPECT_FALSE(pin("a", "other"));
  EXPECT_FALSE(unpin("a", "m"));
  EXPECT_TRUE(pin("a", "m"));
  run_task(store().delete_manifest(deletion("a", "m")));
  EXPECT_TRUE(pins().empty());
  put(manifest("a", "m"));
  EXPECT_TRUE(pins().empty()) << "pushed again it is not pinned";
  EXPECT_FALSE(unpin("a", "m"));
}

TEST_P(PinContract, AreListedInPagesAndFollowARepository) {
  std::vector<std::string> all;
  for (const char* repository : {"b", "a", "c/d"}) {
    for (const char* content : {"one", "two", "three"}) {
      put(manifest(repository, content));
      ASSERT_TRUE(pin(repository, content));
      all.push_back(text(repository, content));
    }
  }
  std::ranges::sort(all);
  for (const std::size_t limit : {1U, 2U, 4U, 9U, 1000U}) EXPECT_EQ(pins(limit), all) << limit;
  EXPECT_LE(run_task(made_.pins->list_pins("nonsense", 1000)).entries.size(), 9U);

  run_task(made_.repositories->rename_repository(
      {.from = repo("a"), .to = repo("z"), .now = at(10), .alias_until = std::nullopt}));
  const std::vector<std::string> moved = pins();
  EXPECT_EQ(std::ranges::count_if(moved, [](const std::string& each) { return each.starts_with("z@"); }), 3);
  EXPECT_EQ(moved.size(), 9U);
}

TEST_P(PinContract, TheLastWordsStand) {
  put(manifest("a", "m"));
  pin("a", "m", "first");
  pin("a", "m", "runs in production");
  const PinPage page = run_task(made_.pins->list_pins("", 10));
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(page.entries[0], (Pin{.repository = repo("a"),
                                  .digest = digest("m"),
                                  .since = at(5),
                                  .who = "carol",
                                  .why = "runs in production"}));
}

}  // namespace berth
