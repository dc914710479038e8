// Deleted manifests: listed, brought back, forgotten.
#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "metadata/sqlite/charges.h"
#include "metadata/sqlite/collection_transaction.h"
#include "metadata/sqlite/manifest_rows.h"
#include "metadata/sqlite/read_page.h"
#include "metadata/sqlite/sqlite_trash_store.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::Statement;

namespace {

std::vector<Tag> read_tags(std::string_view text) {
  std::vector<Tag> tags;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    tags.push_back(sqlite::stored_tag(text.substr(0, space)));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return tags;
}

TrashedManifest read_trashed(const Query& query) {
  return {.number = query.integer(0),
          .repository = sqlite::stored_repository_name(query.bytes(1)),
          .digest = query.digest(2),
          .media_type = query.text(3),
          .artifact_type = query.text(4),
          .size_bytes = query.count(5),
          .trashed = query.time(6),
          .who = query.text(7),
          .tags = read_tags(query.bytes(8))};
}

struct Child {
  Digest digest;
  ReferenceKind kind;
};

std::vector<Child> children_of(Connection& connection, std::int64_t number) {
  std::vector<Child> children;
  Query query = connection.query(Statement::list_trash_children, number);
  while (query.step()) children.push_back({query.digest(0), static_cast<ReferenceKind>(query.integer(1))});
  return children;
}

std::optional<std::int64_t> find_trash(Connection& connection, RepositoryId repository, const Digest& digest) {
  Query query = connection.query(Statement::find_trash, digest, repository);
  if (!query.step()) return std::nullopt;
  return query.integer(0);
}

/// First all that has to come back is found, then it is written: a refusal has changed nothing.
class Restoration {
 public:
  Restoration(Connection& connection, RepositoryId repository, const RestoreManifest& request)
      : connection_(connection),
        repository_(repository),
        request_(request),
        charges_(connection, request.repository, repository) {}

  RestoreOutcome run(std::int64_t number) {
    gather(number, request_.digest);
    if (!missing_.empty()) return RestoreRefused{{missing_.begin(), missing_.end()}};
    if (!charges_.is_empty()) charge();
    if (const std::optional<QuotaExceeded> exceeded = charges_.check(request_.quota)) return *exceeded;
    charges_.write();
    // Children before those that name them: whoever reads in between is told nothing that is not there.
    for (auto next = order_.rbegin(); next != order_.rend(); ++next) write(*next);
    return restored_;
  }

 private:
  void gather(std::int64_t number, const Digest& digest) {
    if (!seen_.insert(number).second) return;
    order_.push_back(number);
    for (const Child& child : children_of(connection_, number)) {
      if (child.kind != ReferenceKind::manifest) {
        if (!connection_.query(Statement::find_blob_size, child.digest).step()) missing_.insert(child.digest);
        continue;
      }
      if (sqlite::find_manifest_id(connection_, repository_, child.digest)) continue;
      if (const auto trashed = find_trash(connection_, repository_, child.digest)) {
        gather(*trashed, child.digest);
      } else {
        missing_.insert(child.digest);
      }
    }
    // Signatures and the like went because their subject did.
    std::vector<std::int64_t> about;
    {
      Query query = connection_.query(Statement::list_trash_about, digest, repository_);
      while (query.step()) about.push_back(query.integer(0));
    }
    for (const std::int64_t referrer : about) gather(referrer, digest_of_trash(referrer));
  }

  Digest digest_of_trash(std::int64_t number) {
    Query query = connection_.query(Statement::find_trash_tags, number);
    query.step();
    return query.digest(0);
  }

  void charge() {
    std::set<std::string> made;
    for (const std::int64_t number : order_) {
      for (const Child& child : children_of(connection_, number)) {
        if (child.kind != ReferenceKind::manifest) charges_.restore_blob(child.digest);
      }
      Query query = connection_.query(Statement::find_trash_tags, number);
      query.step();
      charges_.sheet().change_manifests(1, query.integer(2));
      for (const Tag& tag : read_tags(query.bytes(1))) {
        if (!connection_.query(Statement::find_tag, repository_, tag.text()).step()) made.insert(tag.text());
      }
    }
    charges_.sheet().change_tags(static_cast<std::int64_t>(made.size()));
  }

  void write(std::int64_t number) {
    std::vector<Tag> tags;
    const Digest digest = digest_of_trash(number);
    {
      Query query = connection_.query(Statement::find_trash_tags, number);
      query.step();
      tags = read_tags(query.bytes(1));
    }
    for (const Child& child : children_of(connection_, number)) {
      if (child.kind == ReferenceKind::manifest) continue;
      connection_.change(Statement::put_link, child.digest, repository_, request_.promised_until);
      sqlite::put_review(connection_, ReviewKind::link, repository_, child.digest, request_.review_due);
    }
    connection_.change(Statement::restore_manifest, number, request_.promised_until);
    const std::int64_t id = connection_.last_row_id();
    connection_.change(Statement::restore_references, id, number, repository_);
    if (!connection_.query(Statement::find_blob_size, digest).step()) connection_.change(Statement::queue_copy, id);
    if (sqlite::count_manifest(connection_, repository_, 1)) restored_.listed_repository = true;
    sqlite::put_review(connection_, ReviewKind::manifest, repository_, digest, request_.review_due);
    for (Tag& tag : tags) put_tag(std::move(tag), id, digest);
    connection_.change(Statement::delete_trash_references, number);
    connection_.change(Statement::delete_trash, number);
    restored_.manifests.push_back(digest);
  }

  void put_tag(Tag tag, std::int64_t manifest, const Digest& digest) {
    if (connection_.query(Statement::find_tag, repository_, tag.text()).step()) {
      restored_.taken.push_back(std::move(tag));
      return;
    }
    connection_.change(Statement::put_tag, repository_, tag.text(), manifest);
    connection_.change(Statement::create_tag_change, repository_, tag.text(), request_.now, request_.who, std::nullopt,
                       digest);
    restored_.tags.push_back(std::move(tag));
  }

  Connection& connection_;
  const RepositoryId repository_;
  const RestoreManifest& request_;
  sqlite::Charges charges_;
  std::set<std::int64_t> seen_;
  std::vector<std::int64_t> order_;
  std::set<Digest> missing_;
  Restored restored_;
};

RestoreOutcome restore_in(Connection& connection, const RestoreManifest& request) {
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, request.repository);
  if (!repository) return NotInTrash{};
  const std::optional<std::int64_t> number = find_trash(connection, *repository, request.digest);
  if (!number) return NotInTrash{};
  return Restoration(connection, *repository, request).run(*number);
}

std::size_t expire_in(Connection& connection, WallTime before, WallTime now, std::size_t limit) {
  std::vector<std::pair<std::int64_t, Digest>> old;
  {
    Query query = connection.query(Statement::list_old_trash, before, sqlite::limit_and_one(limit) - 1);
    while (query.step()) old.emplace_back(query.integer(0), query.digest(1));
  }
  for (const auto& [number, digest] : old) {
    connection.change(Statement::review_trash_children, number, now);
    sqlite::put_review(connection, ReviewKind::blob, sqlite::kNoRepository, digest, now);
    connection.change(Statement::delete_trash_references, number);
    connection.change(Statement::delete_trash, number);
  }
  return old.size();
}

TrashSummary summarize_in(Connection& connection) {
  TrashSummary summary;
  std::vector<Digest> manifests;
  {
    Query query = connection.query(Statement::list_trash, std::int64_t{0}, sqlite::limit_and_one(SIZE_MAX));
    while (query.step()) {
      ++summary.manifests;
      const WallTime trashed = query.time(6);
      if (!summary.oldest || trashed < *summary.oldest) summary.oldest = trashed;
      manifests.push_back(query.digest(2));
    }
  }
  GoneContent without_trash;
  without_trash.is_trash_empty = true;
  sqlite::SqliteCollectionTransaction facts(connection, without_trash);
  const auto count = [&](const Digest& digest) {
    const std::optional<BlobFacts> blob = facts.blob(digest);
    if (!blob || blob->state != BlobState::present || keeper_of_blob(facts, digest)) return;
    ++summary.blobs;
    summary.blob_bytes += blob->size_bytes;
  };
  std::set<Digest> counted;
  for (const Digest& digest : manifests) {
    if (counted.insert(digest).second) count(digest);
  }
  std::vector<Digest> children;
  {
    Query query =
        connection.query(Statement::list_all_trash_children, BorrowedBytes{}, sqlite::limit_and_one(SIZE_MAX));
    while (query.step()) children.push_back(query.digest(0));
  }
  for (const Digest& digest : children) {
    if (!counted.contains(digest)) count(digest);
  }
  return summary;
}

}  // namespace

Task<Page<TrashedManifest>> SqliteTrashStore::list_trash(std::optional<RepositoryName> repository, std::int64_t after,
                                                         std::size_t limit) {
  return readers_.run([repository = std::move(repository), after, limit](Connection& connection) {
    const std::int64_t rows = sqlite::limit_and_one(limit);
    return sqlite::read_page<TrashedManifest>(
        repository ? connection.query(Statement::list_trash_of_repository, after, rows, repository->text())
                   : connection.query(Statement::list_trash, after, rows),
        limit, read_trashed);
  });
}

Task<RestoreOutcome> SqliteTrashStore::restore(RestoreManifest request) {
  return writer_.run(
      0, [request = std::move(request)](Connection& connection) { return restore_in(connection, request); });
}

Task<std::size_t> SqliteTrashStore::expire_trash(WallTime before, WallTime now, std::size_t limit) {
  return writer_.run(
      0, [before, now, limit](Connection& connection) { return expire_in(connection, before, now, limit); });
}

Task<TrashSummary> SqliteTrashStore::summarize_trash() {
  return readers_.run([](Connection& connection) { return summarize_in(connection); });
}

}  // namespace berth
