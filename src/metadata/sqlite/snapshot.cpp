#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/unique_fd.h"
#include "metadata/sqlite/link_rows.h"
#include "metadata/sqlite/schema.h"
#include "metadata/sqlite/sqlite_snapshot.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Connection;
using sqlite::Query;
using sqlite::Statement;

void sqlite::copy_database(Connection& from, const std::string& path) {
  {
    Connection to({.path = path}, Access::write);
    sqlite3_backup* const backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
    if (backup == nullptr) throw failure_from_sqlite("copying the metadata", sqlite3_errcode(to.handle()), to.handle());
    // In one step: what another connection commits meanwhile would begin it anew.
    const int stepped = sqlite3_backup_step(backup, -1);
    const int finished = sqlite3_backup_finish(backup);
    if (stepped != SQLITE_DONE) throw failure_from_sqlite("copying the metadata", stepped, to.handle());
    if (finished != SQLITE_OK) throw failure_from_sqlite("copying the metadata", finished, to.handle());
    // So that whoever reads the copy makes no files beside it.
    to.execute("PRAGMA journal_mode = DELETE");
  }
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.get()) != 0) {
    throw failure_from_errno(FailureKind::metadata, "syncing " + path, errno);
  }
}

SqliteSnapshot::SqliteSnapshot(const std::string& path) : connection_({.path = path}, sqlite::Access::read_only) {
  sqlite::expect_ours(connection_, path);
}

std::optional<std::string> SqliteSnapshot::registry_id() {
  Query query = connection_.query(Statement::read_setting, std::string_view("registry_id"));
  if (!query.step()) return std::nullopt;
  return query.text(0);
}

std::vector<BlobRecord> SqliteSnapshot::list_blobs(std::optional<Digest> after, std::size_t limit) {
  const std::int64_t rows = sqlite::limit_and_one(limit) - 1;
  Query query = after ? connection_.query(Statement::list_blobs, *after, rows)
                      : connection_.query(Statement::list_blobs, BorrowedBytes{}, rows);
  std::vector<BlobRecord> blobs;
  while (query.step()) {
    blobs.push_back({.digest = query.digest(0),
                     .size_bytes = query.count(1),
                     .state = static_cast<BlobState>(query.integer(2)),
                     .verified = query.time(3)});
  }
  return blobs;
}

bool SqliteSnapshot::has_blob(const Digest& digest) {
  return connection_.query(Statement::find_blob_state, digest).step();
}

std::vector<RepositoryName> SqliteSnapshot::repositories(const std::string& after, std::size_t limit) {
  return sqlite::read_repositories(connection_, after, limit);
}

std::vector<LinkRow> SqliteSnapshot::revisions(const RepositoryName& repository, std::int64_t after,
                                               std::size_t limit) {
  return sqlite::read_revisions(connection_, repository, after, limit);
}

std::vector<LinkRow> SqliteSnapshot::tags(const RepositoryName& repository, const std::string& after,
                                          std::size_t limit) {
  return sqlite::read_tags(connection_, repository, after, limit);
}

std::optional<ManifestRecord> SqliteSnapshot::find_manifest(const RepositoryName& repository, const Digest& digest) {
  Query query = connection_.query(Statement::find_manifest, repository.text(), digest);
  if (!query.step()) return std::nullopt;
  return ManifestRecord{query.digest(0), query.text(1), query.text(2), SharedBytes(query.text(5)),
                        query.time(3),   query.time(4)};
}

std::vector<std::string> SqliteSnapshot::check() {
  std::vector<std::string> findings;
  for (std::string& line : connection_.read_values("PRAGMA quick_check")) {
    if (line != "ok") findings.push_back(std::move(line));
  }
  return findings;
}

}  // namespace berth
