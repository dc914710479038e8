#include "metadata/sqlite/collection_transaction.h"

#include <utility>

#include "content/cosign_tag.h"
#include "metadata/sqlite/charges.h"
#include "metadata/sqlite/manifest_rows.h"

namespace berth::sqlite {
namespace {

/// Who removes, in the history of tags.
constexpr const char* kCollector = "garbage collection";

}  // namespace

std::optional<RepositoryName> optional_repository(const Query& query, int column) {
  if (query.is_null(column)) return std::nullopt;
  return stored_repository_name(query.bytes(column));
}

std::optional<RepositoryId> SqliteCollectionTransaction::id_of(const RepositoryName& repository) {
  return find_repository(connection_, repository);
}

RepositoryId SqliteCollectionTransaction::review_repository(const Candidate& candidate) {
  if (!candidate.repository) return kNoRepository;
  const std::optional<RepositoryId> id = id_of(*candidate.repository);
  if (!id) throw Failure(FailureKind::metadata, "metadata: a review names a repository that is not there");
  return *id;
}

std::optional<ManifestFacts> SqliteCollectionTransaction::manifest(const RepositoryName& repository,
                                                                   const Digest& digest) {
  const std::optional<RepositoryId> home = id_of(repository);
  if (!home || gone_.has_manifest(repository, digest)) return std::nullopt;
  Query query = connection_.query(Statement::find_manifest_facts, digest, *home);
  if (!query.step()) return std::nullopt;
  return ManifestFacts{.subject = query.optional_digest(1),
                       .last_used = query.time(2),
                       .promised_until = query.time(3),
                       .size_bytes = query.count(4),
                       .is_pinned = query.integer(5) != 0,
                       .tags = tags_of_manifest(connection_, query.integer(0))};
}

bool SqliteCollectionTransaction::has_manifest(const RepositoryName& repository, const Digest& digest) {
  const std::optional<RepositoryId> home = id_of(repository);
  return home && !gone_.has_manifest(repository, digest) && find_manifest_id(connection_, *home, digest);
}

std::optional<Digest> SqliteCollectionTransaction::first_naming(Statement statement, const RepositoryName& repository,
                                                                const Digest& digest) {
  const std::optional<RepositoryId> home = id_of(repository);
  if (!home) return std::nullopt;
  Query query = connection_.query(statement, digest, *home);
  while (query.step()) {
    if (const Digest by = query.digest(0); !gone_.has_manifest(repository, by)) return by;
  }
  return std::nullopt;
}

std::optional<Digest> SqliteCollectionTransaction::index_naming(const RepositoryName& repository,
                                                                const Digest& digest) {
  return first_naming(Statement::list_indexes_that_name, repository, digest);
}

std::optional<Digest> SqliteCollectionTransaction::manifest_naming(const RepositoryName& repository,
                                                                   const Digest& digest) {
  return first_naming(Statement::list_manifests_that_name, repository, digest);
}

std::optional<WallTime> SqliteCollectionTransaction::link(const RepositoryName& repository, const Digest& digest) {
  const std::optional<RepositoryId> home = id_of(repository);
  if (!home || gone_.has_link(repository, digest)) return std::nullopt;
  Query query = connection_.query(Statement::read_link_promise, digest, *home);
  if (!query.step()) return std::nullopt;
  return query.time(0);
}

std::optional<BlobFacts> SqliteCollectionTransaction::blob(const Digest& digest) {
  if (gone_.has_blob(digest)) return std::nullopt;
  Query query = connection_.query(Statement::find_blob_facts, digest);
  if (!query.step()) return std::nullopt;
  return BlobFacts{query.count(0), static_cast<BlobState>(query.integer(1))};
}

std::optional<RepositoryName> SqliteCollectionTransaction::linking_repository(const Digest& digest) {
  Query query = connection_.query(Statement::list_links_of_blob, digest);
  while (query.step()) {
    RepositoryName repository = stored_repository_name(query.bytes(0));
    if (!gone_.has_link(repository, digest)) return repository;
  }
  return std::nullopt;
}

std::optional<Keeper> SqliteCollectionTransaction::reference_to(const Digest& digest) {
  Query query = connection_.query(Statement::list_references_to, digest);
  while (query.step()) {
    RepositoryName repository = stored_repository_name(query.bytes(0));
    const Digest by = query.digest(1);
    if (gone_.has_manifest(repository, by)) continue;
    return Keeper{.kind = KeeperKind::reference, .repository = std::move(repository), .by = by};
  }
  return std::nullopt;
}

std::optional<Keeper> SqliteCollectionTransaction::trash_needing(const Digest& digest) {
  if (gone_.is_trash_empty) return std::nullopt;
  for (const Statement statement : {Statement::list_trash_that_names, Statement::list_trash_of_digest}) {
    Query query = connection_.query(statement, digest);
    if (!query.step()) continue;
    return Keeper{
        .kind = KeeperKind::trash, .repository = stored_repository_name(query.bytes(0)), .by = query.digest(1)};
  }
  return std::nullopt;
}

std::optional<RepositoryName> SqliteCollectionTransaction::repository_with_manifest(const Digest& digest) {
  Query query = connection_.query(Statement::list_manifests_of_digest, digest);
  while (query.step()) {
    RepositoryName repository = stored_repository_name(query.bytes(0));
    if (!gone_.has_manifest(repository, digest)) return repository;
  }
  return std::nullopt;
}

std::optional<WallTime> SqliteCollectionTransaction::review_due(const Candidate& candidate) {
  Query query =
      connection_.query(Statement::find_review_due, candidate.digest, review_repository(candidate), candidate.kind);
  if (!query.step()) return std::nullopt;
  return query.time(0);
}

void SqliteCollectionTransaction::finish_review(const Candidate& candidate) {
  connection_.change(Statement::delete_review, candidate.digest, review_repository(candidate), candidate.kind);
}

void SqliteCollectionTransaction::schedule(const Candidate& candidate, WallTime due) {
  put_review(connection_, candidate.kind, review_repository(candidate), candidate.digest, due);
}

RemovedManifest SqliteCollectionTransaction::remove_manifest(const RepositoryName& repository, const Digest& digest,
                                                             const CollectionRules& rules) {
  const RepositoryId home = id_of(repository).value();
  const std::int64_t id = find_manifest_id(connection_, home, digest).value();
  const bool unlisted = sqlite::remove_manifest(connection_, {.repository = home,
                                                              .name = repository,
                                                              .id = id,
                                                              .digest = digest,
                                                              .tags = tags_of_manifest(connection_, id),
                                                              .who = kCollector,
                                                              .now = rules.now,
                                                              .review_due = rules.now,
                                                              .to_trash = rules.uses_trash});
  return {.unlisted_repository = unlisted};
}

void SqliteCollectionTransaction::remove_link(const RepositoryName& repository, const Digest& digest) {
  const RepositoryId home = id_of(repository).value();
  Charges charges(connection_, repository, home);
  charges.unlink(digest);
  charges.check_and_write();
  connection_.change(Statement::delete_link, digest, home);
}

void SqliteCollectionTransaction::mark_blob_deleting(const Digest& digest) {
  connection_.change(Statement::mark_blob_deleting, digest);
}

void SqliteCollectionTransaction::record_removal(const Removal& removal) {
  sqlite::record_removal(connection_, removal);
}

std::vector<Candidate> SqliteCollectionTransaction::kept_by_manifest(const RepositoryName& repository,
                                                                     const Digest& digest) {
  std::vector<Candidate> kept;
  const RepositoryId home = id_of(repository).value();
  const std::int64_t id = find_manifest_id(connection_, home, digest).value();
  const auto add = [&](ReviewKind kind, const Digest& of) {
    kept.push_back({.kind = kind,
                    .repository = kind == ReviewKind::blob ? std::nullopt : std::optional(repository),
                    .digest = of,
                    .due = std::nullopt});
  };
  Query children = connection_.query(Statement::list_children, id);
  while (children.step()) {
    const bool is_manifest = static_cast<ReferenceKind>(children.integer(1)) == ReferenceKind::manifest;
    add(is_manifest ? ReviewKind::manifest : ReviewKind::link, children.digest(0));
  }
  Query referrers = connection_.query(Statement::list_referring_manifests, digest, home);
  while (referrers.step()) add(ReviewKind::manifest, referrers.digest(0));
  for (const std::string_view suffix : kCosignSuffixes) {
    const std::optional<Tag> tag = cosign_tag(digest, suffix);
    if (!tag) continue;
    Query signature = connection_.query(Statement::find_tag, home, tag->text());
    if (signature.step()) add(ReviewKind::manifest, signature.digest(0));
  }
  add(ReviewKind::blob, digest);
  return kept;
}

}  // namespace berth::sqlite
