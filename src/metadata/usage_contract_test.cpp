// The contract of UsageStore: what is kept equals what a count of the content gives, whatever happened; limits hold
// inside the transaction; and the stores agree.
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "metadata/collection_contract.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/usage_store.h"
#include "tests/support/usage_figures.h"

namespace berth {
namespace {

/// All sides of one store.
struct ChargedStore {
  std::unique_ptr<MetadataStore> metadata;
  CollectionStore* collection = nullptr;
  TrashStore* trash = nullptr;
  UsageStore* usage = nullptr;
};

ChargedStore make_memory(const std::filesystem::path& /*directory*/) {
  auto store = std::make_unique<MemoryMetadataStore>();
  MemoryMetadataStore* const all = store.get();
  return {std::move(store), all, all, all};
}

ChargedStore make_sqlite(const std::filesystem::path& directory) {
  auto store = std::make_unique<SqliteMetadataStore>(SqliteOptions{.path = directory / "metadata.db"});
  SqliteMetadataStore* const all = store.get();
  return {std::move(store), &all->collection(), &all->trash(), &all->usage()};
}

struct ChargedStoreFactory {
  std::string name;
  ChargedStore (*make)(const std::filesystem::path& directory);
};

QuotaScope scope(std::string key, ScopeUnit unit, std::string prefix) {
  return {.key = std::move(key), .unit = unit, .has = [prefix = std::move(prefix)](std::string_view name) {
            return name.starts_with(prefix);
          }};
}

/// The sum of the repositories below "a", and each of all repositories.
std::vector<QuotaScope> two_scopes() {
  return {scope("together a", ScopeUnit::together, "a"), scope("each", ScopeUnit::each, "")};
}

/// Says no to more bytes than `limit` in the first scope.
QuotaGuard bytes_in_first(std::uint64_t limit) {
  return [limit](std::size_t number, const QuotaUsage& now, const QuotaUsage& then) -> std::optional<QuotaExceeded> {
    if (number != 0 || then.bytes <= limit || then.bytes <= now.bytes) return std::nullopt;
    return QuotaExceeded{.scope = number,
                         .resource = QuotaResource::bytes,
                         .limit = limit,
                         .used = now.bytes,
                         .needed = then.bytes - now.bytes};
  };
}

class UsageContract : public testing::TestWithParam<ChargedStoreFactory> {
 protected:
  MetadataStore& store() { return *made_.metadata; }
  UsageStore& usage() { return *made_.usage; }
  void keep(std::vector<QuotaScope> scopes) { run_task(usage().keep_scopes(std::move(scopes))); }
  void commit(std::string_view repository, std::string_view content) {
    ASSERT_FALSE(run_task(store().commit_blob(blob(repository, content))));
  }
  PutManifestOutcome put(PutManifest put, const QuotaGuard& quota = {}) {
    put.limits.quota = quota;
    return run_task(store().put_manifest(std::move(put)));
  }
  QuotaUsage first() { return run_task(usage().list_usage(0, std::nullopt, 1)).entries.at(0).usage; }
  QuotaUsage own(std::string_view repository) {
    for (const ScopeUsage& each : run_task(usage().usage_of(repo(repository)))) {
      if (each.repository) return each.usage;
    }
    return {};
  }
  void open_again() {
    made_ = {};
    made_ = GetParam().make(directory_.path());
  }

  TemporaryDirectory directory_;
  ChargedStore made_ = GetParam().make(directory_.path());
};

INSTANTIATE_TEST_SUITE_P(Stores, UsageContract,
                         testing::Values(ChargedStoreFactory{"memory", make_memory},
                                         ChargedStoreFactory{"sqlite", make_sqlite}),
                         [](const testing::TestParamInfo<ChargedStoreFactory>& info) { return info.param.name; });

PutManifest image(std::string_view repository, std::string_view content, const std::vector<std::string>& layers) {
  PutManifest put = manifest(repository, content);
  for (const std::string& layer : layers) put = with_reference(std::move(put), ReferenceKind::layer, layer);
  return put;
}

}  // namespace

TEST_P(UsageContract, ABlobIsPendingUntilAManifestNamesItAndIsChargedOnce) {
  keep(two_scopes());
  commit("a/one", "layer");
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 0, .pending_bytes = 5, .manifests = 0, .tags = 0}));
  put(with_tags(image("a/one", "image", {"layer", "layer"}), {"v1", "v2"}));
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 10, .pending_bytes = 0, .manifests = 1, .tags = 2}));
  // Another repository of the scope: the blob is there already, the manifest is one more.
  commit("a/two", "layer");
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 10, .pending_bytes = 0, .manifests = 1, .tags = 2}));
  EXPECT_EQ(own("a/two").pending_bytes, 5U);
  put(image("a/two", "image", {"layer"}));
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 15, .pending_bytes = 0, .manifests = 2, .tags = 2}));
  EXPECT_EQ(own("a/two").bytes, 10U);
  // One that does not belong to it changes nothing.
  commit("b", "layer");
  put(image("b", "image", {"layer"}));
  EXPECT_EQ(first().bytes, 15U);
}

TEST_P(UsageContract, WhatGoesMakesRoomAtOnceAndASharedBlobWithItsLastUser) {
  keep(two_scopes());
  for (const std::string name : {"a/one", "a/two"}) {
    commit(name, "layer");
    put(with_tags(image(name, "image", {"layer"}), {"v1"}));
  }
  run_task(store().delete_tag(tag_deletion("a/one", "v1")));
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 15, .pending_bytes = 0, .manifests = 2, .tags = 1}));
  run_task(store().delete_manifest(deletion("a/one", "image")));
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 10, .pending_bytes = 0, .manifests = 1, .tags = 1}));
  EXPECT_EQ(own("a/one"), (QuotaUsage{.bytes = 0, .pending_bytes = 5, .manifests = 0, .tags = 0}));
  run_task(store().delete_manifest(deletion("a/two", "image")));
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 0, .pending_bytes = 5, .manifests = 0, .tags = 0}));
  run_task(store().delete_blob(repo("a/one"), digest("layer"), at(1), at(2)));
  EXPECT_EQ(first().pending_bytes, 5U);
  run_task(store().delete_blob(repo("a/two"), digest("layer"), at(1), at(2)));
  EXPECT_EQ(first(), QuotaUsage());
}

TEST_P(UsageContract, ARefusedManifestChangesNothing) {
  keep(two_scopes());
  commit("a/one", "layer");
  commit("a/one", "other");
  put(with_tags(image("a/one", "image", {"layer"}), {"latest"}), bytes_in_first(10));
  const UsageFigures before = kept_figures(usage(), 2);
  const PutManifestOutcome refused =
      put(with_tags(image("a/one", "second", {"layer", "other"}), {"latest", "new"}), bytes_in_first(20));
  ASSERT_TRUE(std::holds_alternative<QuotaExceeded>(refused));
  EXPECT_EQ(std::get<QuotaExceeded>(refused),
            (QuotaExceeded{.scope = 0, .resource = QuotaResource::bytes, .limit = 20, .used = 10, .needed = 11}));
  EXPECT_EQ(kept_figures(usage(), 2), before);
  EXPECT_EQ(run_task(store().find_tagged_manifest(repo("a/one"), tag("latest"))).value().digest, digest("image"));
  EXPECT_FALSE(run_task(store().find_manifest(repo("a/one"), digest("second"))));
  EXPECT_TRUE(run_task(store().list_tags(repo("a/one"), "latest", 10)).entries.empty());
  // What is there already costs nothing, however little is left.
  EXPECT_TRUE(std::holds_alternative<ManifestPut>(
      put(with_tags(image("a/one", "image", {"layer"}), {"latest"}), bytes_in_first(1))));
  EXPECT_TRUE(
      std::holds_alternative<ManifestPut>(put(image("a/one", "second", {"layer", "other"}), bytes_in_first(21))));
}

TEST_P(UsageContract, ARefusedRepositoryIsNotMade) {
  keep(two_scopes());
  const PutManifestOutcome refused = put(manifest("a/new", "image"), bytes_in_first(4));
  EXPECT_TRUE(std::holds_alternative<QuotaExceeded>(refused));
  CommitBlob blob_to_commit = blob("a/new", "layer");
  const QuotaGuard nothing = [](std::size_t, const QuotaUsage&, const QuotaUsage&) { return QuotaExceeded{}; };
  blob_to_commit.quota = nothing;
  EXPECT_TRUE(run_task(store().commit_blob(blob_to_commit)));
  EXPECT_FALSE(run_task(store().repository_exists(repo("a/new"))));
}

TEST_P(UsageContract, ARefusedBlobIsNobodysAndTheCollectorsAtOnce) {
  keep(two_scopes());
  run_task(store().create_upload(upload("0f0e0d0c-0b0a-0908-0706-050403020100", "a/one")));
  CommitBlob commit = blob("a/one", "layer");
  commit.upload = upload_id("0f0e0d0c-0b0a-0908-0706-050403020100");
  commit.quota = [](std::size_t, const QuotaUsage&, const QuotaUsage& then) -> std::optional<QuotaExceeded> {
    if (then.pending_bytes <= 4) return std::nullopt;
    return QuotaExceeded{.resource = QuotaResource::pending_bytes};
  };
  EXPECT_TRUE(run_task(store().commit_blob(commit)));
  EXPECT_FALSE(run_task(store().find_blob(repo("a/one"), digest("layer"))));
  EXPECT_FALSE(run_task(store().find_upload(*commit.upload)));
  EXPECT_EQ(first(), QuotaUsage());
  const std::vector<Candidate> due = run_task(made_.collection->due_candidates(at(0), 10));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(run_task(made_.collection->settle(due, keep_all(at(0)))).at(0).verdict, Verdict::removed);
}

TEST_P(UsageContract, AMountIsHeldToItToo) {
  keep(two_scopes());
  commit("b", "layer");
  MountBlob mount{repo("a/one"), digest("layer"), repo("b"), at(1), at(2), at(3)};
  mount.quota = [](std::size_t number, const QuotaUsage&, const QuotaUsage&) -> std::optional<QuotaExceeded> {
    return QuotaExceeded{.scope = number};
  };
  const MountOutcome refused = run_task(store().mount_blob(mount));
  EXPECT_TRUE(refused.exceeded);
  EXPECT_FALSE(refused.link);
  EXPECT_FALSE(run_task(store().find_blob(repo("a/one"), digest("layer"))));
  mount.quota = {};
  EXPECT_TRUE(run_task(store().mount_blob(mount)).link);
  EXPECT_EQ(first().pending_bytes, 5U);
}

TEST_P(UsageContract, TheTrashIsNotChargedAndARestoreIsHeldToTheLimit) {
  keep(two_scopes());
  commit("a/one", "layer");
  put(with_tags(image("a/one", "image", {"layer"}), {"v1"}));
  DeleteManifest deleted = deletion("a/one", "image");
  deleted.to_trash = true;
  run_task(store().delete_manifest(deleted));
  run_task(store().delete_blob(repo("a/one"), digest("layer"), at(1), at(2)));
  EXPECT_EQ(first(), QuotaUsage());
  RestoreManifest restore{.repository = repo("a/one"),
                          .digest = digest("image"),
                          .who = "carol",
                          .now = at(50),
                          .promised_until = at(2000),
                          .review_due = at(3000),
                          .quota = bytes_in_first(9)};
  const RestoreOutcome refused = run_task(made_.trash->restore(restore));
  ASSERT_TRUE(std::holds_alternative<QuotaExceeded>(refused));
  EXPECT_EQ(std::get<QuotaExceeded>(refused).needed, 10U);
  EXPECT_EQ(first(), QuotaUsage());
  restore.quota = bytes_in_first(10);
  EXPECT_TRUE(std::holds_alternative<Restored>(run_task(made_.trash->restore(restore))));
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 10, .pending_bytes = 0, .manifests = 1, .tags = 1}));
}

TEST_P(UsageContract, SaysWhatABlobWouldCost) {
  keep(two_scopes());
  commit("a/one", "layer");
  put(image("a/one", "image", {"layer"}));
  const auto costs = [&](std::string_view repository, std::string_view content) {
    return run_task(usage().usage_with(repo(repository), digest(content), content.size()));
  };
  // New to the repository, not to the scope.
  std::vector<PossibleUsage> possible = costs("a/two", "layer");
  ASSERT_EQ(possible.size(), 2U);
  EXPECT_EQ(possible[0].now, possible[0].if_linked);
  EXPECT_EQ(possible[0].now, possible[0].if_named);
  EXPECT_EQ(possible[1].if_linked.pending_bytes, 5U);
  EXPECT_EQ(possible[1].if_named.bytes, 5U);
  possible = costs("a/one", "something new");
  EXPECT_EQ(possible[0].if_linked.pending_bytes, 13U);
  EXPECT_EQ(possible[0].if_named.bytes, possible[0].now.bytes + 13);
  EXPECT_EQ(costs("b", "x").size(), 1U);
  EXPECT_FALSE(run_task(usage().misses_a_blob(repo("a/one"))));
  run_task(store().mark_blob_missing(digest("layer")));
  EXPECT_TRUE(run_task(usage().misses_a_blob(repo("a/one"))));
  EXPECT_FALSE(run_task(usage().misses_a_blob(repo("a/two"))));
  possible = costs("a/one", "layer");
  EXPECT_EQ(possible[0].now, possible[0].if_named);
}

TEST_P(UsageContract, TwoThatTogetherExceedTheLimitAreNeverBothLetIn) {
  keep(two_scopes());
  for (int round = 0; round < 100; ++round) {
    const std::string number = std::to_string(1000 + round);
    const std::uint64_t used = first().bytes;
    std::thread other;
    std::optional<PutManifestOutcome> second;
    other = std::thread([&] { second = put(manifest("a/two", "b" + number), bytes_in_first(used + 9)); });
    const PutManifestOutcome one = put(manifest("a/one", "a" + number), bytes_in_first(used + 9));
    other.join();
    EXPECT_NE(std::holds_alternative<ManifestPut>(one), std::holds_alternative<ManifestPut>(*second));
    EXPECT_EQ(first().bytes, used + 5);
  }
}

TEST_P(UsageContract, ScopesThatCameNewAreCountedAndOthersGo) {
  commit("a/one", "layer");
  commit("a/two", "layer");
  commit("b", "pending");
  put(with_tags(image("a/one", "image", {"layer"}), {"v1", "v2"}));
  EXPECT_EQ(run_task(usage().keep_scopes(two_scopes())), 2U);
  EXPECT_EQ(kept_figures(usage(), 2), counted_figures(usage(), two_scopes()));
  EXPECT_EQ(first(), (QuotaUsage{.bytes = 10, .pending_bytes = 0, .manifests = 1, .tags = 2}));
  std::vector<QuotaScope> others{two_scopes()[1], scope("together b", ScopeUnit::together, "b")};
  run_task(usage().keep_scopes(others));
  EXPECT_EQ(kept_figures(usage(), 2), counted_figures(usage(), others));
}

TEST(SqliteUsage, CountsOnlyWhatWasNotKeptWhenItIsOpenedAgain) {
  const TemporaryDirectory directory;
  const auto open = [&] { return make_sqlite(directory.path()); };
  {
    const ChargedStore made = open();
    EXPECT_EQ(run_task(made.usage->keep_scopes(two_scopes())), 2U);
    run_task(made.metadata->commit_blob(blob("a/one", "layer")));
  }
  {
    const ChargedStore made = open();
    EXPECT_EQ(run_task(made.usage->keep_scopes(two_scopes())), 0U);
    EXPECT_EQ(run_task(made.usage->list_usage(0, std::nullopt, 1)).entries.at(0).usage.pending_bytes, 5U);
  }
  {
    // Without quotas nothing is kept, and so nothing is believed afterwards.
    const ChargedStore made = open();
    EXPECT_EQ(run_task(made.usage->keep_scopes({})), 0U);
    run_task(made.metadata->commit_blob(blob("a/one", "another")));
  }
  const ChargedStore made = open();
  EXPECT_EQ(run_task(made.usage->keep_scopes(two_scopes())), 2U);
  EXPECT_EQ(run_task(made.usage->list_usage(0, std::nullopt, 1)).entries.at(0).usage.pending_bytes, 12U);
}

namespace {

/// What the walk over blobs says, in words.
std::vector<std::string> walked(UsageStore& store) {
  std::vector<std::string> lines;
  for (const BlobHoldings& blob : run_task(store.walk_blobs(std::nullopt, 1000))) {
    std::string line = blob.digest.to_string() + " " + std::to_string(blob.size_bytes) + " state " +
                       std::to_string(std::to_underlying(blob.state)) + (blob.is_referenced ? " referenced" : "");
    for (const BlobHolder& holder : blob.holders) {
      line += " " + holder.repository.text() + (holder.is_named ? " (named)" : "");
    }
    for (const RepositoryName& repository : blob.trashed_in) line += " trash of " + repository.text();
    lines.push_back(std::move(line));
  }
  return lines;
}

/// Plays the same random changes on a store; each returns what happened as text, so that stores can be compared.
class RandomWorld {
 public:
  RandomWorld(ChargedStore& made, std::uint64_t seed) : made_(made), random_(seed) {}

  std::string change() {
    switch (random_() % 12) {
      case 0:
      case 1:
        return commit_some_blob();
      case 2:
        return mount_some_blob();
      case 3:
      case 4:
      case 5:
        return put_some_manifest();
      case 6:
        return delete_some_tag();
      case 7:
      case 8:
        return delete_some_manifest();
      case 9:
        return unlink_some_blob();
      case 10:
        return collect();
      default:
        return restore_something();
    }
  }

 private:
  std::size_t any(std::size_t count) { return random_() % count; }
  std::string repository() { return std::array{"a/one", "a/two", "a", "b", "b/c"}[any(5)]; }
  std::string content() { return std::string("layer ") + std::string(any(12), '+'); }
  std::string tag_name() { return "v" + std::to_string(any(5)); }
  QuotaGuard guard() {
    const std::uint64_t limit = 60 + any(200);
    return [limit](std::size_t number, const QuotaUsage& now, const QuotaUsage& then) -> std::optional<QuotaExceeded> {
      const bool grows = then.bytes > now.bytes || then.pending_bytes > now.pending_bytes || then.tags > now.tags;
      if (!grows || then.bytes + then.pending_bytes + 10 * then.tags <= limit) return std::nullopt;
      return QuotaExceeded{.scope = number, .used = now.bytes, .needed = then.bytes};
    };
  }

  std::string commit_some_blob() {
    CommitBlob commit = blob(repository(), content());
    commit.now = now_;
    commit.promised_until = now_ + std::chrono::seconds(any(20));
    commit.review_due = now_;
    commit.quota = guard();
    return run_task(made_.metadata->commit_blob(commit)) ? "blob refused" : "blob";
  }
  std::string mount_some_blob() {
    MountBlob mount{repo(repository()), digest(content()), std::nullopt, now_, now_, now_, guard()};
    const MountOutcome outcome = run_task(made_.metadata->mount_blob(mount));
    return outcome.exceeded ? "mount refused" : outcome.link ? "mount" : "no mount";
  }
  std::string put_some_manifest() {
    PutManifest put = manifest(repository(), "image " + std::to_string(any(8)));
    for (std::size_t i = any(4); i > 0; --i) {
      put = with_reference(std::move(put), any(4) == 0 ? ReferenceKind::config : ReferenceKind::layer, content());
      put.references.back().is_required = any(2) == 0;
    }
    if (any(4) == 0) {
      put.references.push_back({.kind = ReferenceKind::manifest,
                                .digest = digest("image " + std::to_string(any(8))),
                                .size_bytes = 7,
                                .is_required = any(2) == 0});
    }
    if (any(5) == 0) put.subject = digest("image " + std::to_string(any(8)));
    for (std::size_t i = any(3); i > 0; --i) put.tags.push_back(tag(tag_name()));
    put.now = now_;
    put.promised_until = now_;
    put.review_due = now_;
    put.limits.quota = guard();
    return "put " + std::to_string(run_task(made_.metadata->put_manifest(std::move(put))).index());
  }
  std::string delete_some_tag() {
    DeleteTag request = tag_deletion(repository(), tag_name());
    request.review_due = now_;
    return "tag " + std::to_string(run_task(made_.metadata->delete_tag(request)).index());
  }
  std::string delete_some_manifest() {
    DeleteManifest request = deletion(repository(), "image " + std::to_string(any(8)));
    request.review_due = now_;
    request.to_trash = any(2) == 0;
    return "delete " + std::to_string(run_task(made_.metadata->delete_manifest(request)).index());
  }
  std::string unlink_some_blob() {
    return "unlink " +
           std::to_string(
               run_task(made_.metadata->delete_blob(repo(repository()), digest(content()), now_, now_)).index());
  }
  std::string collect() {
    now_ += std::chrono::seconds(5);
    CollectionRules rules = any(2) == 0 ? keep_all(now_) : take_untagged(now_);
    rules.uses_trash = any(2) == 0;
    std::size_t removed = 0;
    for (int round = 0; round < 3; ++round) {
      std::vector<Candidate> due = run_task(made_.collection->due_candidates(now_, 1000));
      // Those of one time come in no order, which the outcome depends on.
      std::ranges::sort(due, {}, [](const Candidate& each) {
        return std::tuple(each.kind, each.repository ? each.repository->text() : "", each.digest);
      });
      for (const ReviewOutcome& outcome : run_task(made_.collection->settle(due, rules))) {
        removed += outcome.verdict == Verdict::removed ? 1 : 0;
      }
    }
    if (any(3) == 0) run_task(made_.trash->expire_trash(now_ - std::chrono::seconds(any(40)), now_, 1000));
    for (const DeletingBlob& blob : run_task(made_.collection->deleting_blobs(std::nullopt, 100))) {
      if (any(2) == 0) run_task(made_.collection->finish_removals({blob.digest}));
    }
    return "collected " + std::to_string(removed);
  }
  std::string restore_something() {
    RestoreManifest request{.repository = repo(repository()),
                            .digest = digest("image " + std::to_string(any(8))),
                            .who = "carol",
                            .now = now_,
                            .promised_until = now_,
                            .review_due = now_,
                            .quota = guard()};
    return "restore " + std::to_string(run_task(made_.trash->restore(request)).index());
  }

  ChargedStore& made_;
  std::mt19937_64 random_;
  WallTime now_ = at(0);
};

}  // namespace

TEST(UsageOfRandomWorlds, WhatIsKeptEqualsACountAndTheStoresAgree) {
  std::map<std::string, std::size_t> happened;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const TemporaryDirectory directory;
    ChargedStore memory = make_memory({});
    ChargedStore sqlite = make_sqlite(directory.path());
    std::vector<QuotaScope> scopes = two_scopes();
    scopes.push_back(scope("together all", ScopeUnit::together, ""));
    run_task(memory.usage->keep_scopes(scopes));
    run_task(sqlite.usage->keep_scopes(scopes));
    RandomWorld in_memory(memory, seed);
    RandomWorld in_sqlite(sqlite, seed);
    for (int step = 1; step <= 1000; ++step) {
      const std::string what = in_memory.change();
      ASSERT_EQ(what, in_sqlite.change()) << "seed " << seed << " step " << step;
      ++happened[what];
      if (step % 20 != 0) continue;
      const UsageFigures figures = counted_figures(*sqlite.usage, scopes);
      ASSERT_EQ(kept_figures(*sqlite.usage, 3), figures) << "seed " << seed << " step " << step << " after " << what;
      ASSERT_EQ(kept_figures(*memory.usage, 3), figures) << "seed " << seed << " step " << step << " after " << what;
      ASSERT_EQ(walked(*memory.usage), walked(*sqlite.usage))
          << "seed " << seed << " step " << step << " after " << what;
    }
    const UsageFigures last = kept_figures(*sqlite.usage, 3);
    sqlite = {};
    sqlite = make_sqlite(directory.path());
    run_task(sqlite.usage->keep_scopes({}));
    EXPECT_EQ(run_task(sqlite.usage->keep_scopes(scopes)), 3U);
    EXPECT_EQ(kept_figures(*sqlite.usage, 3), last) << "a count from nothing";
  }
  // The worlds are worth playing: everything happened, refusals too.
  for (const std::string what : {"blob", "blob refused", "mount", "mount refused", "put 0", "put 1", "put 4", "tag 0",
                                 "delete 0", "unlink 0", "restore 0", "restore 3"}) {
    EXPECT_GT(happened[what], 0U) << what;
  }
}

}  // namespace berth
