// The contract of RepositoryStore: a repository as a whole, on every store that has repositories.
#include "metadata/repository_store.h"

#include "metadata/memory/memory_metadata_store.h"
#include "metadata/metadata_store_contract.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/trash_store.h"
#include "metadata/usage_store.h"

namespace berth {
namespace {

struct Made {
  std::unique_ptr<MetadataStore> metadata;
  RepositoryStore* repositories = nullptr;
  TrashStore* trash = nullptr;
  UsageStore* usage = nullptr;
};

struct Factory {
  std::string name;
  Made (*make)(const std::filesystem::path& directory);
};

Made make_memory(const std::filesystem::path& /*directory*/) {
  auto store = std::make_unique<MemoryMetadataStore>();
  RepositoryStore* const repositories = store.get();
  TrashStore* const trash = store.get();
  UsageStore* const usage = store.get();
  return {std::move(store), repositories, trash, usage};
}

Made make_sqlite(const std::filesystem::path& directory) {
  auto store = std::make_unique<SqliteMetadataStore>(SqliteOptions{.path = directory / "metadata.db"});
  RepositoryStore* const repositories = &store->repositories();
  TrashStore* const trash = &store->trash();
  UsageStore* const usage = &store->usage();
  return {std::move(store), repositories, trash, usage};
}

class RepositoryContract : public testing::TestWithParam<Factory> {
 protected:
  MetadataStore& store() { return *made_.metadata; }
  RepositoryStore& repositories() { return *made_.repositories; }
  UsageStore& usage() { return *made_.usage; }
  TrashStore& trash() { return *made_.trash; }

  static std::vector<QuotaScope> scopes() {
    const auto is_team = [](std::string_view name) { return name.starts_with("team/"); };
    const auto is_any = [](std::string_view) { return true; };
    return {{.key = "team", .unit = ScopeUnit::together, .has = is_team},
            {.key = "team each", .unit = ScopeUnit::each, .has = is_team},
            {.key = "all", .unit = ScopeUnit::together, .has = is_any},
            {.key = "all each", .unit = ScopeUnit::each, .has = is_any}};
  }
  void keep_scopes() { run_task(made_.usage->keep_scopes(scopes())); }
  /// Of some repositories: scope, name, figures.
  std::vector<ScopeUsage> charged() {
    std::vector<ScopeUsage> all;
    for (const char* name : {"team/a", "team/b", "other", "more"}) {
      for (ScopeUsage& usage : run_task(made_.usage->usage_of(repo(name)))) all.push_back(std::move(usage));
    }
    return all;
  }
  std::vector<ScopeUsage> counted_afresh() {
    run_task(made_.usage->keep_scopes({}));
    keep_scopes();
    return charged();
  }

  void commit(CommitBlob to_commit) { run_task(store().commit_blob(std::move(to_commit))); }
  void put(PutManifest to_put) {
    ASSERT_TRUE(std::holds_alternative<ManifestPut>(run_task(store().put_manifest(std::move(to_put)))));
  }
  DeleteRepositoryOutcome remove(std::string_view name, std::size_t limit = 500, TagGuard protects = {}) {
    return run_task(repositories().delete_repository({.repository = repo(name),
                                                      .who = "bob",
                                                      .now = at(10),
                                                      .review_due = at(300),
                                                      .protects = std::move(protects),
                                                      .to_trash = true,
                                                      .limit = limit}));
  }
  RenameRepositoryOutcome rename(std::string_view from, std::string_view to, std::optional<WallTime> until = at(100)) {
    return run_task(
        repositories().rename_repository({.from = repo(from), .to = repo(to), .now = at(20), .alias_until = until}));
  }
  bool was_renamed(std::string_view from, std::string_view to) {
    return std::holds_alternative<Renamed>(rename(from, to));
  }
  std::vector<std::string> listed() {
    std::vector<std::string> names;
    for (const RepositoryName& name : run_task(store().list_repositories(std::nullopt, 100)).entries) {
      names.push_back(name.text());
    }
    return names;
  }
  std::vector<std::string> aliases() {
    std::vector<std::string> texts;
    for (const RepositoryAlias& alias : run_task(repositories().list_aliases(std::nullopt, 100)).entries) {
      texts.push_back(alias.name.text() + "=" + alias.repository.text());
    }
    return texts;
  }
  std::optional<WallTime> review_of(ReviewKind kind, const std::optional<RepositoryName>& repository,
                                    const Digest& of) {
    for (const Review& review : run_task(store().due_reviews(at(1'000'000), 1'000'000))) {
      if (review.kind == kind && review.repository == repository && review.digest == of) return review.due;
    }
    return std::nullopt;
  }

 private:
  TemporaryDirectory directory_;
  Made made_ = GetParam().make(directory_.path());
};

INSTANTIATE_TEST_SUITE_P(Stores, RepositoryContract,
                         testing::Values(Factory{"memory", make_memory}, Factory{"sqlite", make_sqlite}),
                         [](const testing::TestParamInfo<Factory>& info) { return info.param.name; });

}  // namespace

TEST_P(RepositoryContract, ADeletedRepositoryIsUnknownAndServesNothing) {
  commit(blob("a", "layer"));
  commit(blob("b", "layer"));
  put(with_tags(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"), {"v1", "v2"}));
  put(manifest("a", "untagged"));
  put(with_tags(with_reference(manifest("b", "m"), ReferenceKind::layer, "layer"), {"v1"}));
  const DeleteRepositoryOutcome outcome = remove("a");
  const auto* deleted = std::get_if<RepositoryDeleted>(&outcome);
  ASSERT_NE(deleted, nullptr);
  EXPECT_EQ(deleted->manifests, 2U);
  EXPECT_EQ(deleted->tags, 2U);
  EXPECT_TRUE(deleted->is_all);
  EXPECT_EQ(listed(), std::vector<std::string>{"b"});
  EXPECT_FALSE(run_task(store().repository_exists(repo("a"))));
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("untagged"))));
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_TRUE(run_task(store().find_blob(repo("b"), digest("layer")))) << "of another repository";
  EXPECT_TRUE(run_task(store().find_tagged_manifest(repo("b"), tag("v1"))));
  EXPECT_EQ(review_of(ReviewKind::blob, std::nullopt, digest("layer")), at(300));
  EXPECT_TRUE(std::holds_alternative<RepositoryUnknown>(remove("a")));
  EXPECT_TRUE(std::holds_alternative<RepositoryUnknown>(remove("never")));
  // Its histories and trash stay.
  EXPECT_EQ(run_task(store().tag_history(repo("a"), tag("v1"), 10)).front().who, "bob");
  EXPECT_EQ(run_task(trash().list_trash(repo("a"), 0, 10)).entries.size(), 2U);
}

TEST_P(RepositoryContract, ABlobThatIsPushedMakesItKnownAgain) {
  put(with_tags(manifest("a", "m"), {"v1"}));
  remove("a");
  commit(blob("a", "layer"));
  EXPECT_TRUE(run_task(store().repository_exists(repo("a"))));
  EXPECT_TRUE(listed().empty());
  EXPECT_TRUE(std::get<RepositoryDeleted>(remove("a")).is_all);
  EXPECT_FALSE(run_task(store().repository_exists(repo("a"))));
  put(with_tags(manifest("a", "other"), {"v1"}));
  EXPECT_TRUE(run_task(store().repository_exists(repo("a"))));
  EXPECT_EQ(run_task(store().tag_history(repo("a"), tag("v1"), 10)).size(), 3U);
}

TEST_P(RepositoryContract, ManyManifestsGoInPieces) {
  commit(blob("a", "layer"));
  for (int i = 0; i < 7; ++i) {
    put(with_reference(manifest("a", "m" + std::to_string(i)), ReferenceKind::layer, "layer"));
  }
  for (int i = 0; i < 2; ++i) {
    const auto piece = std::get<RepositoryDeleted>(remove("a", 3));
    EXPECT_EQ(piece.manifests, 3U);
    EXPECT_FALSE(piece.is_all);
    EXPECT_TRUE(run_task(store().find_blob(repo("a"), digest("layer")))) << "others need it";
  }
  EXPECT_TRUE(std::get<RepositoryDeleted>(remove("a", 3)).is_all);
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
}

TEST_P(RepositoryContract, ARefusalHasChangedNothing) {
  put(with_tags(manifest("a", "m"), {"v1"}));
  put(with_tags(manifest("a", "n"), {"keep"}));
  const DeleteRepositoryOutcome outcome = remove("a", 500, [](const Tag& each) { return each.text() == "keep"; });
  ASSERT_TRUE(std::holds_alternative<TagProtected>(outcome));
  EXPECT_EQ(std::get<TagProtected>(outcome).tag, tag("keep"));
  EXPECT_TRUE(run_task(store().find_tagged_manifest(repo("a"), tag("v1"))));
  EXPECT_TRUE(run_task(trash().list_trash(std::nullopt, 0, 10)).entries.empty());
}

TEST_P(RepositoryContract, ARenamedRepositoryHasAllItHad) {
  commit(blob("a", "layer"));
  put(with_tags(with_reference(manifest("a", "m"), ReferenceKind::layer, "layer"), {"v1"}));
  put(with_tags(manifest("a", "gone"), {"old"}));
  DeleteManifest deleted = deletion("a", "gone");
  deleted.to_trash = true;
  run_task(store().delete_manifest(deleted));
  run_task(store().create_upload(upload("u1", "a")));
  run_task(store().create_upload(upload("u2", "other")));
  ASSERT_TRUE(was_renamed("a", "team/b"));
  EXPECT_EQ(listed(), std::vector<std::string>{"team/b"});
  EXPECT_FALSE(run_task(store().repository_exists(repo("a"))));
  EXPECT_EQ(run_task(store().find_tagged_manifest(repo("team/b"), tag("v1"))).value().digest, digest("m"));
  EXPECT_TRUE(run_task(store().find_blob(repo("team/b"), digest("layer"))));
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_EQ(run_task(store().tag_history(repo("team/b"), tag("old"), 10)).size(), 2U);
  EXPECT_EQ(run_task(trash().list_trash(repo("team/b"), 0, 10)).entries.size(), 1U);
  EXPECT_EQ(run_task(store().find_upload(upload_id("u1"))).value().repository, repo("team/b"));
  EXPECT_EQ(run_task(store().find_upload(upload_id("u2"))).value().repository, repo("other"));
  EXPECT_TRUE(review_of(ReviewKind::link, repo("team/b"), digest("layer")));
  EXPECT_FALSE(review_of(ReviewKind::link, repo("a"), digest("layer")));
  EXPECT_EQ(aliases(), std::vector<std::string>{"a=team/b"});
  // What is waiting to be copied beside the blobs is still found.
  EXPECT_EQ(run_task(store().pending_manifest_copies(10)).size(), 1U);
}

TEST_P(RepositoryContract, ANameIsGivenUpByWhoeverHasNothingToBringBack) {
  put(with_tags(manifest("a", "m"), {"v1"}));
  put(with_tags(manifest("b", "n"), {"v1"}));
  EXPECT_EQ(std::get<NameTaken>(rename("a", "b")), NameTaken::by_repository);
  remove("b");
  EXPECT_EQ(std::get<NameTaken>(rename("a", "b")), NameTaken::by_trash);
  run_task(trash().expire_trash(at(1000), at(1000), 100));
  ASSERT_TRUE(was_renamed("a", "b"));
  EXPECT_EQ(listed(), std::vector<std::string>{"b"});
  EXPECT_EQ(run_task(store().find_tagged_manifest(repo("b"), tag("v1"))).value().digest, digest("m"));
  EXPECT_EQ(run_task(store().tag_history(repo("b"), tag("v1"), 10)).size(), 1U) << "its own";
  put(with_tags(manifest("c", "k"), {"v1"}));
  EXPECT_EQ(std::get<NameTaken>(rename("c", "a")), NameTaken::by_alias);
  EXPECT_TRUE(std::holds_alternative<RepositoryUnknown>(rename("none", "d")));
}

TEST_P(RepositoryContract, AliasesFollowAndAreForgotten) {
  put(with_tags(manifest("a", "m"), {"v1"}));
  ASSERT_TRUE(was_renamed("a", "b"));
  ASSERT_TRUE(was_renamed("b", "c"));
  EXPECT_EQ(aliases(), (std::vector<std::string>{"a=c", "b=c"}));
  ASSERT_TRUE(was_renamed("c", "a")) << "back to its own first name";
  EXPECT_EQ(aliases(), (std::vector<std::string>{"b=a", "c=a"}));
  const Page<RepositoryAlias> page = run_task(repositories().list_aliases(repo("b"), 1));
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(page.entries[0].name, repo("c"));
  EXPECT_EQ(page.entries[0].until, at(100));
  EXPECT_TRUE(run_task(repositories().delete_alias(repo("b"))));
  EXPECT_FALSE(run_task(repositories().delete_alias(repo("b"))));
  remove("a");
  EXPECT_TRUE(aliases().empty());
  // An alias whose time is over stands in nobody's way.
  put(with_tags(manifest("x", "m"), {"v1"}));
  ASSERT_TRUE(std::holds_alternative<Renamed>(rename("x", "y", at(15))));
  put(with_tags(manifest("z", "k"), {"v1"}));
  EXPECT_TRUE(was_renamed("z", "x"));
}

TEST_P(RepositoryContract, WhatWasUnderWayIsToldTheNewName) {
  commit(blob("from", "layer"));
  put(with_tags(manifest("a", "m"), {"v1"}));
  ASSERT_TRUE(was_renamed("a", "b"));
  const auto told = [](auto&& work) -> std::string {
    try {
      run_task(work());
    } catch (const RepositoryRenamed& renamed) {
      return renamed.to().text();
    }
    return "nothing";
  };
  const auto everything_at = [&](WallTime now) {
    CommitBlob commit = blob("a", "late");
    MountBlob mount{.to = repo("a"),
                    .digest = digest("layer"),
                    .from = repo("from"),
                    .now = now,
                    .promised_until = now,
                    .review_due = now};
    PutManifest put = with_tags(manifest("a", "n"), {"v2"});
    UploadRecord started = upload("u1", "a");
    commit.now = put.now = started.last_active = now;
    return std::vector<std::string>{
        told([&] { return store().commit_blob(commit); }), told([&] { return store().mount_blob(mount); }),
        told([&] { return store().put_manifest(put); }), told([&] { return store().create_upload(started); })};
  };
  EXPECT_EQ(everything_at(at(99)), std::vector<std::string>(4, "b"));
  EXPECT_EQ(run_task(store().renamed_to(repo("a"), at(99))), repo("b"));
  EXPECT_FALSE(run_task(store().renamed_to(repo("b"), at(99))));
  EXPECT_FALSE(run_task(store().renamed_to(repo("a"), at(100))));
  EXPECT_FALSE(run_task(store().repository_exists(repo("a"))));
  EXPECT_FALSE(run_task(store().blob_state(digest("late"))));
  EXPECT_FALSE(run_task(store().find_upload(upload_id("u1"))));
  // When its time as an alias is over the name is free.
  EXPECT_EQ(everything_at(at(100)), std::vector<std::string>(4, "nothing"));
  EXPECT_TRUE(run_task(store().repository_exists(repo("a"))));
}

TEST_P(RepositoryContract, QuotasAreChargedForWhatANameStandsFor) {
  keep_scopes();
  for (const char* name : {"team/a", "other"}) {
    commit(blob(name, "layer"));
    commit(blob(name, std::string("pending of ") + name));
    put(with_tags(with_reference(manifest(name, std::string("m of ") + name), ReferenceKind::layer, "layer"), {"v1"}));
  }
  const std::vector<ScopeUsage> before = charged();
  EXPECT_EQ(before[0].usage.manifests, 1U) << "team";

  // Out of a scope, into it, and within it.
  ASSERT_TRUE(std::holds_alternative<Renamed>(rename("team/a", "more", std::nullopt)));
  EXPECT_EQ(run_task(usage().usage_of(repo("team/a")))[0].usage, QuotaUsage());
  EXPECT_EQ(charged(), counted_afresh());
  ASSERT_TRUE(std::holds_alternative<Renamed>(rename("other", "team/a", std::nullopt)));
  EXPECT_EQ(run_task(usage().usage_of(repo("team/a")))[0].usage.manifests, 1U);
  EXPECT_EQ(charged(), counted_afresh());
  ASSERT_TRUE(was_renamed("team/a", "team/b"));
  EXPECT_EQ(run_task(usage().usage_of(repo("team/b")))[1].usage.tags, 1U);
  EXPECT_EQ(charged(), counted_afresh());

  remove("team/b");
  const QuotaUsage left = run_task(usage().usage_of(repo("team/b")))[0].usage;
  EXPECT_EQ(left.manifests, 0U);
  EXPECT_EQ(left.bytes, 0U);
  EXPECT_GT(left.pending_bytes, 0U) << "what no manifest named waits for the collector";
  EXPECT_EQ(charged(), counted_afresh());
}

TEST_P(RepositoryContract, WhatWasSwitchedIsKept) {
  EXPECT_FALSE(run_task(store().is_read_only()));
  run_task(store().set_read_only(true));
  EXPECT_TRUE(run_task(store().is_read_only()));
  run_task(store().set_read_only(false));
  EXPECT_FALSE(run_task(store().is_read_only()));
}

}  // namespace berth
