// SqliteRetentionStore: what retention asks of the embedded metadata database.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/run_blocking.h"
#include "metadata/retention_store.h"
#include "metadata/sqlite/connection.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteRetentionStore final : public RetentionStore {
 public:
  /// A large repository is read for seconds, on a connection and thread of its own, and what is read keeps the log from
  /// being begun anew. Once `must_end` says so (on that thread, often) it is broken off with Failure(overloaded).
  SqliteRetentionStore(sqlite::ConnectionOptions options, sqlite::Readers& readers, sqlite::WriteQueue& writer,
                       std::function<bool()> must_end);

  Task<std::optional<std::vector<HeldManifest>>> held_manifests(RepositoryName repository, std::size_t limit) override;
  Task<DeletedContents> delete_unchanged(DeleteUnchanged request) override;
  Task<> put_plan(RetentionPlanRecord plan, std::size_t keep) override;
  Task<std::optional<RetentionPlanRecord>> find_plan(std::string id) override;
  Task<> record_pulls(std::vector<PulledManifest> pulls) override;

 private:
  std::optional<std::vector<HeldManifest>> read_blocking(const RepositoryName& repository, std::size_t limit);

  // Fixed after construction.
  const sqlite::ConnectionOptions options_;
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
  const std::function<bool()> must_end_;
  // The pool's one thread.
  std::unique_ptr<sqlite::Connection> connection_;  // from the first use
  BlockingPool pool_;
};

}  // namespace berth
