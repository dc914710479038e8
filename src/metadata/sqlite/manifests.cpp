// Manifests: put, found, deleted; their copies beside the blobs.
#include <algorithm>
#include <set>
#include <utility>

#include "metadata/collection_store.h"
#include "metadata/sqlite/annotations.h"
#include "metadata/sqlite/charges.h"
#include "metadata/sqlite/manifest_rows.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/sqlite/transactions.h"
#include "metadata/tag_precondition.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Charges;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::Statement;

namespace {

std::optional<ManifestRecord> read_manifest(Query query) {
  if (!query.step()) return std::nullopt;
  return ManifestRecord{query.digest(0), query.text(1), query.text(2), SharedBytes(query.text(5)),
                        query.time(3),   query.time(4)};
}

std::optional<Digest> find_tag(Connection& connection, std::optional<RepositoryId> repository, const Tag& tag) {
  if (!repository) return std::nullopt;
  Query query = connection.query(Statement::find_tag, *repository, tag.text());
  if (!query.step()) return std::nullopt;
  return query.digest(0);
}

std::optional<std::uint64_t> size_of_reference(Connection& connection, std::optional<RepositoryId> repository,
                                               const ManifestReference& reference) {
  if (!repository) return std::nullopt;
  const bool is_manifest = reference.kind == ReferenceKind::manifest;
  Query query = connection.query(is_manifest ? Statement::find_manifest_size : Statement::find_linked_size,
                                 reference.digest, *repository);
  if (!query.step()) return std::nullopt;
  return query.count(0);
}

std::int64_t create_manifest(Connection& connection, RepositoryId repository, const PutManifest& put) {
  connection.change(Statement::create_manifest, repository, put.digest, put.media_type, put.artifact_type, put.subject,
                    std::uint64_t{put.bytes.size()}, put.now, put.promised_until,
                    sqlite::annotations_to_text(put.annotations), BorrowedBytes{put.bytes.view()});
  const std::int64_t id = connection.last_row_id();
  for (const ManifestReference& reference : put.references) {
    connection.change(Statement::create_reference, id, reference.digest, reference.kind, repository);
  }
  // Where another repository brought the same manifest the bytes lie there already.
  if (!connection.query(Statement::find_blob_size, put.digest).step()) connection.change(Statement::queue_copy, id);
  return id;
}

std::int64_t new_tag_count(Connection& connection, std::optional<RepositoryId> repository,
                           const std::vector<Tag>& tags) {
  std::set<std::string> made;
  for (const Tag& tag : tags) {
    if (!find_tag(connection, repository, tag)) made.insert(tag.text());
  }
  return static_cast<std::int64_t>(made.size());
}

PutManifestOutcome put_manifest_in(Connection& connection, const PutManifest& put) {
  sqlite::expect_own_name(connection, put.repository, put.now);
  const std::optional<RepositoryId> known = sqlite::find_repository(connection, put.repository);
  for (const Tag& tag : put.tags) {
    const std::optional<Digest> current = find_tag(connection, known, tag);
    if (!holds(put.limits.tags, current)) return PreconditionRefused{tag, current};
    if (has_to_stay(put.limits.protects, tag, current, put.digest)) return TagProtected{tag};
  }
  ReferencesRefused refused;
  for (std::size_t i = 0; i < put.references.size(); ++i) {
    if (!put.references[i].is_required) continue;
    const std::optional<std::uint64_t> actual = size_of_reference(connection, known, put.references[i]);
    if (actual != put.references[i].size_bytes) refused.problems.push_back({i, actual});
  }
  if (!refused.problems.empty()) return refused;

  std::optional<std::int64_t> existing;
  if (known) existing = sqlite::find_manifest_id(connection, *known, put.digest);
  Charges charges(connection, put.repository, known);
  if (!charges.is_empty()) {
    if (!existing) charges.add_manifest(put.references, put.bytes.size());
    charges.sheet().change_tags(new_tag_count(connection, known, put.tags));
    if (const std::optional<QuotaExceeded> exceeded = charges.check(put.limits.quota)) return *exceeded;
  }

  const RepositoryId repository =
      known ? *known : sqlite::find_or_create_repository(connection, put.repository, put.now);
  charges.set_repository(repository);
  charges.write();
  ManifestPut done{.was_new = !existing};
  const std::int64_t id = existing ? *existing : create_manifest(connection, repository, put);
  // What is pushed again needs not be brought back.
  if (!existing) sqlite::take_out_of_trash(connection, repository, put.digest);
  if (existing) {
    connection.change(Statement::renew_manifest_promise, put.digest, repository, put.promised_until);
  } else {
    done.listed_repository = sqlite::count_manifest(connection, repository, 1);
  }
  sqlite::put_review(connection, ReviewKind::manifest, repository, put.digest, put.review_due);
  for (const Tag& tag : put.tags) {
    const std::optional<Digest> from = find_tag(connection, repository, tag);
    if (from == put.digest) continue;
    connection.change(Statement::put_tag, repository, tag.text(), id);
    connection.change(Statement::create_tag_change, repository, tag.text(), put.now, put.who, from, put.digest);
    if (from) sqlite::put_review(connection, ReviewKind::manifest, repository, *from, put.review_due);
    done.made_tag = done.made_tag || !from;
  }
  return done;
}

}  // namespace

DeleteTagOutcome sqlite::delete_tag(Connection& connection, const DeleteTag& request) {
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, request.repository);
  const std::optional<Digest> was = find_tag(connection, repository, request.tag);
  if (!was) return TagUnknown{};
  if (!holds(request.limits.tags, was)) return PreconditionRefused{request.tag, was};
  if (has_to_stay(request.limits.protects, request.tag, was, std::nullopt)) return TagProtected{request.tag};
  Charges charges(connection, request.repository, repository);
  charges.sheet().change_tags(-1);
  charges.check_and_write();
  connection.change(Statement::delete_tag, *repository, request.tag.text());
  connection.change(Statement::create_tag_change, *repository, request.tag.text(), request.now, request.who, *was,
                    std::nullopt);
  sqlite::put_review(connection, ReviewKind::manifest, *repository, *was, request.review_due);
  return TagDeleted{*was};
}

DeleteManifestOutcome sqlite::delete_manifest(Connection& connection, const DeleteManifest& request) {
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, request.repository);
  if (!repository) return ManifestUnknown{};
  const std::optional<std::int64_t> id = sqlite::find_manifest_id(connection, *repository, request.digest);
  if (!id) return ManifestUnknown{};

  ManifestDeleted deleted{.tags = sqlite::tags_of_manifest(connection, *id)};
  for (const Tag& tag : deleted.tags) {
    if (has_to_stay(request.protects, tag, request.digest, std::nullopt)) return TagProtected{tag};
  }
  deleted.unlisted_repository = sqlite::remove_on_request(connection, {.repository = *repository,
                                                                       .name = request.repository,
                                                                       .id = *id,
                                                                       .digest = request.digest,
                                                                       .tags = deleted.tags,
                                                                       .who = request.who,
                                                                       .now = request.now,
                                                                       .review_due = request.review_due,
                                                                       .to_trash = request.to_trash});
  return deleted;
}

Task<std::optional<ManifestRecord>> SqliteMetadataStore::find_manifest(RepositoryName repository, Digest digest) {
  return read([repository = std::move(repository), digest](Connection& connection) {
    return read_manifest(connection.query(Statement::find_manifest, repository.text(), digest));
  });
}

Task<std::optional<ManifestRecord>> SqliteMetadataStore::find_tagged_manifest(RepositoryName repository, Tag tag) {
  return read([repository = std::move(repository), tag = std::move(tag)](Connection& connection) {
    return read_manifest(connection.query(Statement::find_tagged_manifest, repository.text(), tag.text()));
  });
}

Task<PutManifestOutcome> SqliteMetadataStore::put_manifest(PutManifest put) {
  const std::uint64_t size_bytes = put.bytes.size();
  return writer_.run(size_bytes,
                     [put = std::move(put)](Connection& connection) { return put_manifest_in(connection, put); });
}

Task<bool> SqliteMetadataStore::renew_manifest_promise(RepositoryName repository, Digest digest,
                                                       WallTime promised_until) {
  return write([repository = std::move(repository), digest, promised_until](Connection& connection) {
    const std::optional<RepositoryId> home = sqlite::find_repository(connection, repository);
    if (!home) return false;
    return connection.change(Statement::renew_manifest_promise, digest, *home, promised_until) == 1;
  });
}

Task<DeleteTagOutcome> SqliteMetadataStore::delete_tag(DeleteTag request) {
  return write(
      [request = std::move(request)](Connection& connection) { return sqlite::delete_tag(connection, request); });
}

Task<DeleteManifestOutcome> SqliteMetadataStore::delete_manifest(DeleteManifest request) {
  return write(
      [request = std::move(request)](Connection& connection) { return sqlite::delete_manifest(connection, request); });
}

Task<std::vector<ManifestCopy>> SqliteMetadataStore::pending_manifest_copies(std::size_t limit) {
  return read([limit](Connection& connection) {
    std::vector<ManifestCopy> copies;
    Query query = connection.query(Statement::list_copies, sqlite::limit_and_one(limit) - 1);
    while (query.step()) copies.push_back({query.integer(0), query.digest(1), SharedBytes(query.text(2))});
    return copies;
  });
}

Task<> SqliteMetadataStore::finish_manifest_copy(std::int64_t queue_id, Digest digest, std::uint64_t size_bytes,
                                                 WallTime now) {
  return write([queue_id, digest, size_bytes, now](Connection& connection) {
    connection.change(Statement::put_blob, digest, size_bytes, now);
    connection.change(Statement::finish_copy, queue_id, digest);
    // Deleted while it was copied: nothing else will look at this blob again.
    if (!connection.query(Statement::find_manifest_anywhere, digest).step()) {
      sqlite::put_review(connection, ReviewKind::blob, sqlite::kNoRepository, digest, now);
    }
  });
}

}  // namespace berth
