// The write-ahead log stays near its limit under steady writes and reads.
#include "metadata/sqlite/checkpointer.h"

#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "metadata/sqlite/store_fixture.h"

namespace berth {
namespace {

constexpr std::uint64_t kLimit = 1U << 20;
constexpr std::size_t kManifestBytes = 16U << 10;
// Four writers: what one group can add, with the pages of the tables around the manifests.
constexpr std::uint64_t kGroupBytes = 512U << 10;

Task<> write_many(SqliteMetadataStore& store, int writer, int count, std::string log_path, std::uint64_t& largest) {
  for (int i = 0; i < count; ++i) {
    std::string content = fmt::format("writer {} manifest {} ", writer, i);
    content.resize(kManifestBytes, 'x');
    co_await store.put_manifest(plain_manifest("a", std::move(content), fmt::format("w{}", writer)));
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(log_path, error);
    if (!error) largest = std::max<std::uint64_t>(largest, size);
  }
}

Task<> read_until(SqliteMetadataStore& store, const std::atomic<bool>& is_over, std::atomic<int>& reads) {
  const RepositoryName repository = RepositoryName::parse("a").value();
  while (!is_over) {
    co_await store.list_repositories(std::nullopt, 100);
    co_await store.list_tags(repository, std::nullopt, 1'000);
    ++reads;
  }
}

class SqliteLog : public SqliteStoreTest {
 protected:
  std::uint64_t largest_log(SqliteOptions limited, int reader_tasks) {
    limited.wal_limit_bytes = kLimit;
    SqliteMetadataStore store(limited);
    std::atomic<bool> is_over{false};
    std::atomic<int> reads{0};
    std::thread reader([&] {
      std::vector<Task<>> tasks;
      for (int i = 0; i < reader_tasks; ++i) tasks.push_back(read_until(store, is_over, reads));
      run_together(std::move(tasks));
    });
    std::uint64_t largest = 0;
    std::vector<Task<>> writers;
    for (int i = 0; i < 4; ++i) writers.push_back(write_many(store, i, 250, path() + "-wal", largest));
    run_together(std::move(writers));
    is_over = true;
    reader.join();
    EXPECT_GT(reads, 0);
    EXPECT_GT(store.stats().wal_restarts, 3U);
    return largest;
  }
};

}  // namespace

TEST_F(SqliteLog, StaysBoundedUnderWritesAndReads) {
  // 16 MiB of manifests alone go through a log of 1 MiB.
  EXPECT_LT(largest_log(options(), 2), kLimit + kGroupBytes);
}

TEST_F(SqliteLog, StaysBoundedWhenReadsOverlapWithoutEnd) {
  // More readers than SQLite has read marks.
  SqliteOptions many = options();
  many.reader_count = 8;
  EXPECT_LT(largest_log(many, 16), kLimit + kGroupBytes);
}

TEST_F(SqliteLog, ALongReadPinsItButStopsNoWrites) {
  SqliteOptions limited = options();
  limited.wal_limit_bytes = kLimit;
  limited.checkpoint_retry_interval = std::chrono::milliseconds(10);
  SqliteMetadataStore store(limited);
  sqlite::Connection reader({.path = path()}, sqlite::Access::read_only);
  reader.execute("BEGIN");
  reader.read_values("SELECT count(*) FROM tag");
  std::uint64_t largest = 0;
  const auto write = [&](int writer) {
    std::vector<Task<>> writers;
    writers.push_back(write_many(store, writer, 150, path() + "-wal", largest));
    run_together(std::move(writers));
  };
  write(0);
  EXPECT_GT(largest, kLimit);
  EXPECT_GT(store.stats().failed_checkpoints, 0U);
  EXPECT_EQ(store.stats().wal_restarts, 0U);

  reader.execute("COMMIT");
  write(1);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (store.stats().wal_bytes >= kLimit && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_LT(store.stats().wal_bytes, kLimit);
  EXPECT_GT(store.stats().wal_restarts, 0U);
}

TEST_F(SqliteLog, WhatTheLastRunLeftIsPutAwayAfterTheStart) {
  const std::filesystem::path image = directory() / "image";
  {
    SqliteOptions unlimited = options();
    unlimited.wal_limit_bytes = 1U << 30;
    SqliteMetadataStore store(unlimited);
    std::uint64_t largest = 0;
    std::vector<Task<>> writers;
    writers.push_back(write_many(store, 0, 100, path() + "-wal", largest));
    run_together(std::move(writers));
    ASSERT_GT(largest, kLimit);
    std::filesystem::create_directory(image);
    for (const char* name : {"metadata.db", "metadata.db-wal"}) {
      std::filesystem::copy_file(directory() / name, image / name);
    }
  }
  SqliteOptions limited{.path = image / "metadata.db"};
  limited.wal_limit_bytes = kLimit;
  SqliteMetadataStore store(limited);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (store.stats().wal_restarts == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(store.stats().wal_restarts, 1U);
  EXPECT_LT(std::filesystem::file_size(image / "metadata.db-wal"), kLimit);
  EXPECT_TRUE(run_task(store.find_tagged_manifest(RepositoryName::parse("a").value(), Tag::parse("w0").value())));
}

}  // namespace berth
