// Who runs the contract.
#include "metadata/metadata_store_contract.h"

#include "metadata/change_counting_store.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {

namespace {

/// A memory store with the counting around it, which must not change what it does.
struct Counted {
  MemoryMetadataStore memory;
  ChangeNumbers changes;
};
class CountedMemoryStore final : private Counted, public ChangeCountingStore {
 public:
  CountedMemoryStore() : ChangeCountingStore(memory, changes) {}
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Stores, MetadataStoreContract,
                         testing::Values(StoreFactory{"memory",
                                                      [](const std::filesystem::path&) -> std::unique_ptr<MetadataStore> {
                                                        return std::make_unique<MemoryMetadataStore>();
                                                      }},
                                         StoreFactory{"counted",
                                                      [](const std::filesystem::path&) -> std::unique_ptr<MetadataStore> {
                                                        return std::make_unique<CountedMemoryStore>();
                                                      }},
                                         StoreFactory{"sqlite",
                                                      [](const std::filesystem::path& directory) -> std::unique_ptr<MetadataStore> {
                                                        return std::make_unique<SqliteMetadataStore>(
                                                            SqliteOptions{.path = directory / "metadata.db"});
                                                      }}),
                         [](const testing::TestParamInfo<StoreFactory>& info) { return info.param.name; });

TEST_P(MetadataStoreContract, KeepsTheRegistryId) {
  EXPECT_EQ(run_task(store().registry_id()), std::nullopt);
  run_task(store().set_registry_id("one"));
  EXPECT_EQ(run_task(store().registry_id()), "one");
  run_task(store().set_registry_id("two"));
  EXPECT_EQ(run_task(store().registry_id()), "two");
}

TEST_P(MetadataStoreContract, IsHealthy) { EXPECT_NO_THROW(run_task(store().check_health())); }

TEST_P(MetadataStoreContract, ReviewsComeWhenDueTheLongestDueFirst) {
  CommitBlob late = blob("a", "late");
  late.review_due = at(30);
  CommitBlob early = blob("a", "early");
  early.review_due = at(10);
  CommitBlob middle = blob("b", "middle");
  middle.review_due = at(20);
  commit(late);
  commit(early);
  commit(middle);
  EXPECT_TRUE(run_task(store().due_reviews(at(9), 10)).empty());
  const std::vector<Review> due = run_task(store().due_reviews(at(20), 10));
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].digest, digest("early"));
  EXPECT_EQ(due[0].repository, repo("a"));
  EXPECT_EQ(due[0].kind, ReviewKind::link);
  EXPECT_EQ(due[1].digest, digest("middle"));
  EXPECT_EQ(run_task(store().due_reviews(at(100), 1)).size(), 1U);
}

TEST_P(MetadataStoreContract, ALaterEventMovesAReviewForwardAndNeverBack) {
  CommitBlob first = blob("a", "layer");
  first.review_due = at(50);
  commit(first);
  first.review_due = at(80);
  commit(first);
  EXPECT_EQ(review_of(ReviewKind::link, repo("a"), digest("layer")), at(80));
  first.review_due = at(20);
  commit(first);
  EXPECT_EQ(review_of(ReviewKind::link, repo("a"), digest("layer")), at(80));
}

}  // namespace berth
