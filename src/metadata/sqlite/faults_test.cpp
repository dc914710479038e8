// A broken disk under the SqliteMetadataStore: what is answered, what stands, and that it recovers by itself.
#include <fmt/format.h>
#include <sqlite3.h>

#include "metadata/sqlite/faulty_vfs.h"
#include "metadata/sqlite/store_fixture.h"

namespace berth {
namespace {

class SqliteFaults : public SqliteStoreTest {
 protected:
  SqliteFaults() {
    SqliteOptions faulty = options();
    faulty.vfs_name = vfs_.name();
    store_ = std::make_unique<SqliteMetadataStore>(faulty);
    run_task(store_->put_manifest(plain_manifest("a", "before", "v1")));
  }

  bool has(std::string_view content) {
    return run_task(store_->find_manifest(RepositoryName::parse("a").value(), digest_of_text(content))).has_value();
  }

  std::optional<FailureKind> put(std::string content) {
    try {
      run_task(store_->put_manifest(plain_manifest("a", std::move(content), "v2")));
    } catch (const Failure& failure) {
      return failure.kind();
    }
    return std::nullopt;
  }

  sqlite::FaultyVfs vfs_;
  std::unique_ptr<SqliteMetadataStore> store_;
};

}  // namespace

TEST_F(SqliteFaults, AFailedSyncIsAFailureAndNothingOfItIsSeen) {
  vfs_.log_sync_result = SQLITE_IOERR_FSYNC;
  EXPECT_EQ(put("during"), FailureKind::metadata);
  EXPECT_FALSE(has("during"));
  EXPECT_TRUE(has("before")) << "reads go on";
  EXPECT_EQ(put("during, again"), FailureKind::metadata);
  vfs_.log_sync_result = SQLITE_OK;
  EXPECT_EQ(put("after"), std::nullopt);
  EXPECT_TRUE(has("after"));
  EXPECT_FALSE(has("during"));
  EXPECT_EQ(store_->stats().failed_commits, 2U);
  EXPECT_TRUE(run_task(store_->check_integrity()).empty());
}

TEST_F(SqliteFaults, AFullDiskIsToldApartAndWritesComeBackWithTheSpace) {
  vfs_.log_write_result = SQLITE_FULL;
  EXPECT_EQ(put("during"), FailureKind::storage_full);
  EXPECT_FALSE(has("during"));
  EXPECT_TRUE(has("before"));
  vfs_.log_write_result = SQLITE_OK;
  EXPECT_EQ(put("after"), std::nullopt);
  EXPECT_TRUE(has("after"));
}

TEST_F(SqliteFaults, AManifestLargerThanTheCacheFailsWhole) {
  // Pages spill into the log while the statement runs: the transaction breaks in the middle, not at its commit.
  vfs_.log_write_result = SQLITE_FULL;
  EXPECT_EQ(put(std::string(24U << 20, 'x')), FailureKind::storage_full);
  vfs_.log_write_result = SQLITE_OK;
  EXPECT_EQ(put("after"), std::nullopt);
  EXPECT_TRUE(has("before"));
  EXPECT_TRUE(run_task(store_->check_integrity()).empty());
}

TEST_F(SqliteFaults, EveryRequestOfAFailedGroupHearsOfIt) {
  vfs_.log_sync_result = SQLITE_IOERR_FSYNC;
  int failed = 0;
  std::vector<Task<>> tasks;
  const auto put_one = [](SqliteMetadataStore& store, int number, int& failures) -> Task<> {
    bool is_failed = false;
    try {
      co_await store.put_manifest(plain_manifest("a", fmt::format("image {}", number)));
    } catch (const Failure&) {
      is_failed = true;
    }
    if (is_failed) ++failures;
  };
  for (int i = 0; i < 20; ++i) tasks.push_back(put_one(*store_, i, failed));
  run_together(std::move(tasks));
  EXPECT_EQ(failed, 20);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(has(fmt::format("image {}", i)));
}

TEST_F(SqliteFaults, WhatWasAnsweredWithAFailureIsWholeOrAbsentAfterAnAbandonedRun) {
  vfs_.log_sync_result = SQLITE_IOERR_FSYNC;
  EXPECT_EQ(put("during"), FailureKind::metadata);
  // The files as a killed process leaves them: nobody closed the database.
  const std::filesystem::path image = directory() / "image";
  std::filesystem::create_directory(image);
  for (const char* name : {"metadata.db", "metadata.db-wal"}) {
    std::filesystem::copy_file(directory() / name, image / name);
  }
  SqliteMetadataStore reopened({.path = image / "metadata.db"});
  const RepositoryName repository = RepositoryName::parse("a").value();
  EXPECT_TRUE(run_task(reopened.find_manifest(repository, digest_of_text("before"))));
  const bool has_manifest = run_task(reopened.find_manifest(repository, digest_of_text("during"))).has_value();
  const bool has_tag = run_task(reopened.find_tagged_manifest(repository, Tag::parse("v2").value())).has_value();
  EXPECT_EQ(has_manifest, has_tag);
  EXPECT_TRUE(run_task(reopened.check_integrity()).empty());
}

TEST_F(SqliteFaults, AnAnswerComesOnlyAfterASync) {
  for (int i = 0; i < 5; ++i) {
    const int before = vfs_.log_sync_count;
    EXPECT_EQ(put(fmt::format("image {}", i)), std::nullopt);
    EXPECT_GT(vfs_.log_sync_count, before);
  }
}

}  // namespace berth
