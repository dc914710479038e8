// SqliteSnapshot: a copy of the embedded metadata database.
#pragma once

#include <string>

#include "metadata/snapshot_store.h"
#include "metadata/sqlite/connection.h"

namespace berth {

class SqliteSnapshot final : public MetadataSnapshot {
 public:
  /// Throws Failure(metadata) if it is not a database of ours, or one of a newer Berth.
  explicit SqliteSnapshot(const std::string& path);

  std::optional<std::string> registry_id() override;
  std::vector<BlobRecord> list_blobs(std::optional<Digest> after, std::size_t limit) override;
  bool has_blob(const Digest& digest) override;
  std::vector<RepositoryName> repositories(const std::string& after, std::size_t limit) override;
  std::vector<LinkRow> revisions(const RepositoryName& repository, std::int64_t after, std::size_t limit) override;
  std::vector<LinkRow> tags(const RepositoryName& repository, const std::string& after, std::size_t limit) override;
  std::optional<ManifestRecord> find_manifest(const RepositoryName& repository, const Digest& digest) override;
  std::vector<std::string> check() override;

 private:
  sqlite::Connection connection_;
};

namespace sqlite {

/// Copies the database that `from` leads to into a new file, and syncs it.
void copy_database(Connection& from, const std::string& path);

}  // namespace sqlite

}  // namespace berth
