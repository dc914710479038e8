// Rows of unfinished uploads.
#include <utility>

#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::Connection;
using sqlite::Query;
using sqlite::Statement;

namespace {

HashAlgorithm stored_algorithm(std::int64_t number) {
  for (const HashAlgorithmInfo& row : kHashAlgorithms) {
    if (std::to_underlying(row.algorithm) == number) return row.algorithm;
  }
  throw Failure(FailureKind::metadata, "metadata: a stored hash algorithm is unknown");
}

UploadRecord read_upload(const Query& query) {
  Result<UploadId> id = UploadId::parse(query.bytes(0));
  if (!id) throw Failure(FailureKind::metadata, "metadata: a stored upload id is damaged");
  return UploadRecord{.id = *std::move(id),
                      .repository = sqlite::stored_repository_name(query.bytes(1)),
                      .owner = query.text(2),
                      .generation = query.count(3),
                      .started = query.time(4),
                      .last_active = query.time(5),
                      .progress = {query.count(6), stored_algorithm(query.integer(7)), query.text(8)},
                      .expected = query.optional_digest(9)};
}

std::optional<UploadRecord> find_upload_in(Connection& connection, const UploadId& id) {
  Query query = connection.query(Statement::find_upload, id.text());
  if (!query.step()) return std::nullopt;
  return read_upload(query);
}

}  // namespace

Task<> SqliteMetadataStore::create_upload(UploadRecord upload) {
  return write([upload = std::move(upload)](Connection& connection) {
    sqlite::expect_own_name(connection, upload.repository, upload.last_active);
    connection.change(Statement::create_upload, upload.id.text(), upload.repository.text(), upload.owner,
                      upload.generation, upload.started, upload.last_active, upload.progress.durable_offset,
                      upload.progress.algorithm, upload.progress.hash_state, upload.expected);
  });
}

Task<std::optional<UploadRecord>> SqliteMetadataStore::find_upload(UploadId id) {
  return read([id = std::move(id)](Connection& connection) { return find_upload_in(connection, id); });
}

Task<std::optional<UploadRecord>> SqliteMetadataStore::claim_upload(UploadId id, std::string owner, WallTime now) {
  return write([id = std::move(id), owner = std::move(owner), now](Connection& connection) {
    connection.change(Statement::claim_upload, id.text(), owner, now);
    return find_upload_in(connection, id);
  });
}

Task<bool> SqliteMetadataStore::record_upload_progress(UploadId id, std::uint64_t generation, UploadProgress progress,
                                                       WallTime now) {
  return write([id = std::move(id), generation, progress = std::move(progress), now](Connection& connection) {
    return connection.change(Statement::record_upload_progress, id.text(), generation, progress.durable_offset,
                             progress.algorithm, progress.hash_state, now) == 1;
  });
}

Task<bool> SqliteMetadataStore::record_upload_expectation(UploadId id, std::uint64_t generation, Digest expected,
                                                          UploadProgress progress, WallTime now) {
  return write([id = std::move(id), generation, expected, progress = std::move(progress), now](Connection& connection) {
    return connection.change(Statement::record_upload_expectation, id.text(), generation, progress.durable_offset,
                             progress.algorithm, progress.hash_state, now, expected) == 1;
  });
}

Task<bool> SqliteMetadataStore::delete_upload(UploadId id) {
  return write([id = std::move(id)](Connection& connection) {
    return connection.change(Statement::delete_upload, id.text()) == 1;
  });
}

Task<std::vector<UploadRecord>> SqliteMetadataStore::list_uploads(WallTime started_before,
                                                                  std::optional<UploadId> after, std::size_t limit) {
  return read([started_before, after = after ? after->text() : std::string(), limit](Connection& connection) {
    std::vector<UploadRecord> uploads;
    Query query = connection.query(Statement::list_uploads, after, started_before, sqlite::limit_and_one(limit) - 1);
    while (query.step()) uploads.push_back(read_upload(query));
    return uploads;
  });
}

}  // namespace berth
