// Checking the stored bytes: blobs on record, what they are part of, files without a record.
#include <algorithm>
#include <string>
#include <utility>

#include "metadata/sqlite/sqlite_scrub_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::Statement;

namespace {

constexpr std::string_view kMustCompare = "must_compare";

BlobRecord read_record(const Query& query) {
  return {.digest = query.digest(0),
          .size_bytes = query.count(1),
          .state = static_cast<BlobState>(query.integer(2)),
          .verified = query.time(3)};
}

std::vector<BlobRecord> read_records(Query query) {
  std::vector<BlobRecord> records;
  while (query.step()) records.push_back(read_record(query));
  return records;
}

/// A manifest while its image is put together.
struct Holder {
  std::int64_t manifest = 0;
  RepositoryId repository = 0;
  AffectedImage image;
};

std::vector<Tag> read_tags(Connection& connection, std::int64_t manifest, std::size_t limit) {
  std::vector<Tag> tags;
  Query query = connection.query(Statement::list_tags_of_manifest, manifest);
  while (tags.size() < limit && query.step()) tags.push_back(sqlite::stored_tag(query.bytes(0)));
  return tags;
}

/// Collects images, each once, and at most so many.
class ImageList {
 public:
  ImageList(Connection& connection, std::size_t limit) : connection_(connection), limit_(limit) {}

  void add_all(Query query) {
    while (query.step()) {
      add({.manifest = query.integer(0),
           .repository = query.integer(1),
           .image = {
               .repository = sqlite::stored_repository_name(query.bytes(2)), .manifest = query.digest(3), .tags = {}}});
    }
  }

  /// What has no tag is reached through the indexes that name it. They join the end of the list and are not walked up
  /// further: an index of indexes is rare.
  void add_indexes() {
    const std::size_t count = holders_.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (!holders_[i].image.tags.empty()) continue;
      const Digest child = holders_[i].image.manifest;
      const RepositoryId repository = holders_[i].repository;
      add_all(connection_.query(Statement::list_index_rows_that_name, child, repository, rows()));
    }
  }

  /// One more than fits, to see whether there are more.
  std::int64_t rows() const { return sqlite::limit_and_one(limit_); }

  AffectedImages take() {
    AffectedImages images{.entries = {}, .are_all = are_all_};
    for (Holder& holder : holders_) images.entries.push_back(std::move(holder.image));
    return images;
  }

 private:
  void add(Holder holder) {
    if (std::ranges::find(holders_, holder.manifest, &Holder::manifest) != holders_.end()) return;
    if (holders_.size() == limit_) {
      are_all_ = false;
      return;
    }
    holder.image.tags = read_tags(connection_, holder.manifest, limit_);
    holders_.push_back(std::move(holder));
  }

  Connection& connection_;
  const std::size_t limit_;
  std::vector<Holder> holders_;
  bool are_all_ = true;
};

AffectedImages read_images(Connection& connection, const Digest& digest, std::size_t limit) {
  ImageList images(connection, limit);
  images.add_all(connection.query(Statement::list_manifest_rows_of_digest, digest, images.rows()));
  images.add_all(connection.query(Statement::list_manifest_rows_that_name, digest, images.rows()));
  images.add_indexes();
  return images.take();
}

}  // namespace

Task<std::vector<BlobRecord>> SqliteScrubStore::list_blobs(std::optional<Digest> after, std::size_t limit) {
  return readers_.run([after, limit](Connection& connection) {
    const std::int64_t rows = sqlite::limit_and_one(limit) - 1;
    // An empty blob stands before every digest.
    return read_records(after ? connection.query(Statement::list_blobs, *after, rows)
                              : connection.query(Statement::list_blobs, BorrowedBytes{}, rows));
  });
}

Task<std::vector<BlobRecord>> SqliteScrubStore::least_recently_verified(WallTime before,
                                                                        std::optional<BlobRecord> after,
                                                                        std::size_t limit) {
  return readers_.run([before, after, limit](Connection& connection) {
    const std::int64_t rows = sqlite::limit_and_one(limit) - 1;
    if (!after) {
      return read_records(
          connection.query(Statement::list_least_recently_verified, before, WallTime::min(), BorrowedBytes{}, rows));
    }
    return read_records(
        connection.query(Statement::list_least_recently_verified, before, after->verified, after->digest, rows));
  });
}

Task<std::optional<BlobRecord>> SqliteScrubStore::find_blob_record(Digest digest) {
  return readers_.run([digest](Connection& connection) -> std::optional<BlobRecord> {
    Query query = connection.query(Statement::find_blob_record, digest);
    if (!query.step()) return std::nullopt;
    return read_record(query);
  });
}

Task<std::vector<Digest>> SqliteScrubStore::without_record(std::vector<Digest> digests) {
  return readers_.run([digests = std::move(digests)](Connection& connection) {
    std::vector<Digest> unknown;
    for (const Digest& digest : digests) {
      if (!connection.query(Statement::find_blob_state, digest).step()) unknown.push_back(digest);
    }
    return unknown;
  });
}

Task<> SqliteScrubStore::record_verified(std::vector<Digest> digests, WallTime now) {
  return writer_.run(0, [digests = std::move(digests), now](Connection& connection) {
    for (const Digest& digest : digests) connection.change(Statement::record_blob_verified, digest, now);
  });
}

Task<bool> SqliteScrubStore::mark_blob_found(Digest digest, WallTime now) {
  return writer_.run(0, [digest, now](Connection& connection) {
    return connection.change(Statement::mark_blob_found, digest, now) == 1;
  });
}

Task<AffectedImages> SqliteScrubStore::images_of(Digest digest, std::size_t limit) {
  return readers_.run([digest, limit](Connection& connection) { return read_images(connection, digest, limit); });
}

Task<std::optional<SharedBytes>> SqliteScrubStore::manifest_bytes(Digest digest) {
  return readers_.run([digest](Connection& connection) -> std::optional<SharedBytes> {
    Query query = connection.query(Statement::find_manifest_bytes, digest);
    if (!query.step()) return std::nullopt;
    return SharedBytes(query.text(0));
  });
}

Task<bool> SqliteScrubStore::must_compare() {
  return readers_.run([](Connection& connection) {
    Query query = connection.query(Statement::read_setting, kMustCompare);
    return query.step() && query.bytes(0) == "on";
  });
}

Task<> SqliteScrubStore::set_must_compare(bool is_on) {
  return writer_.run(0, [is_on](Connection& connection) {
    connection.change(Statement::write_setting, kMustCompare, std::string_view(is_on ? "on" : "off"));
  });
}

Task<std::vector<WallTime>> SqliteScrubStore::note_orphans(std::vector<Digest> digests, WallTime now) {
  return writer_.run(0, [digests = std::move(digests), now](Connection& connection) {
    std::vector<WallTime> found;
    for (const Digest& digest : digests) {
      connection.change(Statement::put_orphan, digest, now);
      Query query = connection.query(Statement::find_orphan, digest);
      query.step();
      found.push_back(query.time(0));
    }
    return found;
  });
}

Task<std::size_t> SqliteScrubStore::forget_orphans(WallTime before, std::size_t limit) {
  return writer_.run(0, [before, limit](Connection& connection) {
    const std::int64_t rows = sqlite::limit_and_one(limit) - 1;
    return static_cast<std::size_t>(connection.change(Statement::delete_old_orphans, before, rows));
  });
}

}  // namespace berth
