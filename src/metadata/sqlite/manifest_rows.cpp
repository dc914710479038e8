#include "metadata/sqlite/manifest_rows.h"

#include "content/cosign_tag.h"
#include "metadata/sqlite/charges.h"

namespace berth::sqlite {

std::optional<std::int64_t> find_manifest_id(Connection& connection, RepositoryId repository, const Digest& digest) {
  Query query = connection.query(Statement::find_manifest_id, digest, repository);
  if (!query.step()) return std::nullopt;
  return query.integer(0);
}

std::vector<Tag> tags_of_manifest(Connection& connection, std::int64_t id) {
  std::vector<Tag> tags;
  Query query = connection.query(Statement::list_tags_of_manifest, id);
  while (query.step()) tags.push_back(stored_tag(query.bytes(0)));
  return tags;
}

std::uint64_t size_of_manifest(Connection& connection, RepositoryId repository, const Digest& digest) {
  Query query = connection.query(Statement::find_manifest_size, digest, repository);
  return query.step() ? query.count(0) : 0;
}

bool count_manifest(Connection& connection, RepositoryId repository, std::int64_t by) {
  connection.change(Statement::add_manifest_count, repository, by);
  return connection.change(Statement::update_listing, repository) > 0;
}

namespace {

void put_into_trash(Connection& connection, const ManifestToRemove& manifest) {
  std::string tags;
  for (const Tag& tag : manifest.tags) {
    if (!tags.empty()) tags += ' ';
    tags += tag.text();
  }
  connection.change(Statement::trash_manifest, manifest.id, manifest.now, manifest.who, tags);
  connection.change(Statement::trash_references, connection.last_row_id(), manifest.id);
}

}  // namespace

bool remove_manifest(Connection& connection, const ManifestToRemove& manifest) {
  if (Charges charges(connection, manifest.name, manifest.repository); !charges.is_empty()) {
    charges.remove_manifest(manifest.id, size_of_manifest(connection, manifest.repository, manifest.digest),
                            manifest.tags.size());
    charges.check_and_write();
  }
  for (const Tag& tag : manifest.tags) {
    connection.change(Statement::delete_tag, manifest.repository, tag.text());
    connection.change(Statement::create_tag_change, manifest.repository, tag.text(), manifest.now, manifest.who,
                      manifest.digest, std::nullopt);
  }
  if (manifest.to_trash) put_into_trash(connection, manifest);
  connection.change(Statement::review_children, manifest.id, manifest.review_due);
  connection.change(Statement::delete_references, manifest.id);
  connection.change(Statement::delete_copy, manifest.id);
  connection.change(Statement::delete_pin, manifest.repository, manifest.digest);
  connection.change(Statement::delete_manifest, manifest.id);
  const bool unlisted = count_manifest(connection, manifest.repository, -1);
  connection.change(Statement::review_referrers, manifest.digest, manifest.repository, manifest.review_due);
  for (const std::string_view suffix : kCosignSuffixes) {
    const std::optional<Tag> tag = cosign_tag(manifest.digest, suffix);
    if (!tag) continue;
    Query signature = connection.query(Statement::find_tag, manifest.repository, tag->text());
    if (!signature.step()) continue;
    put_review(connection, ReviewKind::manifest, manifest.repository, signature.digest(0), manifest.review_due);
  }
  // Its copy lies among the blobs, or is on its way there.
  put_review(connection, ReviewKind::blob, kNoRepository, manifest.digest, manifest.review_due);
  return unlisted;
}

bool remove_on_request(Connection& connection, const ManifestToRemove& manifest) {
  const std::uint64_t size_bytes = size_of_manifest(connection, manifest.repository, manifest.digest);
  const bool unlisted = remove_manifest(connection, manifest);
  record_removal(connection, {.at = manifest.now,
                              .kind = ReviewKind::manifest,
                              .repository = manifest.name,
                              .digest = manifest.digest,
                              .size_bytes = size_bytes,
                              .why = deleted_by(manifest.who)});
  return unlisted;
}

void take_out_of_trash(Connection& connection, RepositoryId repository, const Digest& digest) {
  std::optional<std::int64_t> number;
  if (Query trash = connection.query(Statement::find_trash, digest, repository); trash.step())
    number = trash.integer(0);
  if (!number) return;
  connection.change(Statement::delete_trash_references, *number);
  connection.change(Statement::delete_trash, *number);
}

void record_removal(Connection& connection, const Removal& removal) {
  connection.change(Statement::create_removal, removal.at, removal.kind,
                    removal.repository ? std::optional(removal.repository->text()) : std::nullopt, removal.digest,
                    removal.size_bytes, removal.why);
}

}  // namespace berth::sqlite
