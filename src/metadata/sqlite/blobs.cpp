// Blobs and their links.
#include <utility>

#include "metadata/sqlite/charges.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::Charges;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::Statement;

namespace {

std::optional<std::uint64_t> find_present_size(Connection& connection, const Digest& digest) {
  Query query = connection.query(Statement::find_blob_size, digest);
  if (!query.step()) return std::nullopt;
  return query.count(0);
}

bool has_link(Connection& connection, const Digest& digest, const RepositoryName& name) {
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, name);
  return repository && connection.query(Statement::read_link_promise, digest, *repository).step();
}

std::optional<QuotaExceeded> commit_blob_in(Connection& connection, const CommitBlob& commit) {
  sqlite::expect_own_name(connection, commit.repository, commit.now);
  connection.change(Statement::put_blob, commit.digest, commit.size_bytes, commit.now);
  if (commit.upload) connection.change(Statement::delete_upload, commit.upload->text());
  Charges charges(connection, commit.repository, sqlite::find_repository(connection, commit.repository));
  charges.link(commit.digest);
  if (const std::optional<QuotaExceeded> exceeded = charges.check(commit.quota)) {
    sqlite::put_review(connection, ReviewKind::blob, sqlite::kNoRepository, commit.digest, commit.now);
    return exceeded;
  }
  const RepositoryId repository = sqlite::find_or_create_repository(connection, commit.repository, commit.now);
  charges.set_repository(repository);
  charges.write();
  connection.change(Statement::put_link, commit.digest, repository, commit.promised_until);
  sqlite::put_review(connection, ReviewKind::link, repository, commit.digest, commit.review_due);
  return std::nullopt;
}

MountOutcome mount_blob_in(Connection& connection, const MountBlob& mount) {
  sqlite::expect_own_name(connection, mount.to, mount.now);
  const std::optional<std::uint64_t> size_bytes = find_present_size(connection, mount.digest);
  if (!size_bytes) return {};
  const bool is_linked = mount.from ? has_link(connection, mount.digest, *mount.from)
                                    : connection.query(Statement::find_any_link, mount.digest).step();
  if (!is_linked) return {};
  Charges charges(connection, mount.to, sqlite::find_repository(connection, mount.to));
  charges.link(mount.digest);
  if (const std::optional<QuotaExceeded> exceeded = charges.check(mount.quota)) {
    return {.link = std::nullopt, .exceeded = exceeded};
  }
  const RepositoryId to = sqlite::find_or_create_repository(connection, mount.to, mount.now);
  charges.set_repository(to);
  charges.write();
  connection.change(Statement::put_link, mount.digest, to, mount.promised_until);
  sqlite::put_review(connection, ReviewKind::link, to, mount.digest, mount.review_due);
  Query promise = connection.query(Statement::read_link_promise, mount.digest, to);
  promise.step();
  return {.link = BlobLink{mount.digest, *size_bytes, promise.time(0)}};
}

DeleteBlobOutcome delete_blob_in(Connection& connection, const RepositoryName& name, const Digest& digest,
                                 WallTime review_due) {
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, name);
  if (!repository) return BlobUnlinked::unknown;
  if (!connection.query(Statement::read_link_promise, digest, *repository).step()) return BlobUnlinked::unknown;
  if (Query user = connection.query(Statement::find_manifest_that_names, digest, *repository); user.step()) {
    return BlobInUse{user.digest(0)};
  }
  Charges charges(connection, name, repository);
  charges.unlink(digest);
  charges.check_and_write();
  connection.change(Statement::delete_link, digest, *repository);
  sqlite::put_review(connection, ReviewKind::blob, sqlite::kNoRepository, digest, review_due);
  return BlobUnlinked::yes;
}

}  // namespace

Task<std::optional<BlobLink>> SqliteMetadataStore::find_blob(RepositoryName repository, Digest digest) {
  return read([repository = std::move(repository), digest](Connection& connection) -> std::optional<BlobLink> {
    Query query = connection.query(Statement::find_blob, repository.text(), digest);
    if (!query.step()) return std::nullopt;
    return BlobLink{digest, query.count(0), query.time(1)};
  });
}

Task<std::optional<QuotaExceeded>> SqliteMetadataStore::commit_blob(CommitBlob commit) {
  return write([commit = std::move(commit)](Connection& connection) { return commit_blob_in(connection, commit); });
}

Task<MountOutcome> SqliteMetadataStore::mount_blob(MountBlob mount) {
  return write([mount = std::move(mount)](Connection& connection) { return mount_blob_in(connection, mount); });
}

Task<bool> SqliteMetadataStore::renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) {
  return write([repository = std::move(repository), digest, promised_until](Connection& connection) {
    const std::optional<RepositoryId> home = sqlite::find_repository(connection, repository);
    if (!home || !find_present_size(connection, digest)) return false;
    return connection.change(Statement::renew_link_promise, digest, *home, promised_until) == 1;
  });
}

Task<DeleteBlobOutcome> SqliteMetadataStore::delete_blob(RepositoryName repository, Digest digest, WallTime /*now*/,
                                                         WallTime review_due) {
  return write([repository = std::move(repository), digest, review_due](Connection& connection) {
    return delete_blob_in(connection, repository, digest, review_due);
  });
}

Task<> SqliteMetadataStore::mark_blob_missing(Digest digest) {
  return write([digest](Connection& connection) { connection.change(Statement::mark_blob_missing, digest); });
}

Task<std::optional<BlobState>> SqliteMetadataStore::blob_state(Digest digest) {
  return read([digest](Connection& connection) -> std::optional<BlobState> {
    Query query = connection.query(Statement::find_blob_state, digest);
    if (!query.step()) return std::nullopt;
    return static_cast<BlobState>(query.integer(0));
  });
}

}  // namespace berth
