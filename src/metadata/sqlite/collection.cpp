// The collector's side: candidates, settling them, removals.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/hex.h"
#include "metadata/sqlite/collection_transaction.h"
#include "metadata/sqlite/sqlite_collection_store.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Connection;
using sqlite::optional_repository;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::SqliteCollectionTransaction;
using sqlite::Statement;

namespace {

std::int64_t number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Failure(FailureKind::internal, "a walk stands nowhere");
  }
  return number;
}

/// "digest repository kind" of the last review that was seen.
struct ReviewPosition {
  std::optional<Digest> digest;
  RepositoryId repository = 0;
  std::int64_t kind = 0;
};

ReviewPosition read_position(const WalkPosition& from) {
  if (from.empty()) return {};
  const std::size_t first = from.find(' ');
  const std::size_t second = from.find(' ', first + 1);
  const std::string_view text = from;
  return {.digest = Digest::parse(text.substr(0, first)).value(),
          .repository = number_in(text.substr(first + 1, second - first - 1)),
          .kind = number_in(text.substr(second + 1))};
}

CandidatePage read_all_candidates(Connection& connection, const WalkPosition& from, std::size_t limit) {
  const ReviewPosition position = read_position(from);
  const auto list = [&](auto digest) {
    return connection.query(Statement::list_reviews, digest, position.repository, position.kind,
                            sqlite::limit_and_one(limit) - 1);
  };
  CandidatePage page;
  // An empty blob stands before every digest.
  Query query = position.digest ? list(*position.digest) : list(BorrowedBytes{});
  while (query.step()) {
    page.entries.push_back({.kind = static_cast<ReviewKind>(query.integer(0)),
                            .repository = optional_repository(query, 2),
                            .digest = query.digest(3),
                            .due = query.time(4)});
    if (page.entries.size() == limit) {
      page.next = fmt::format("{} {} {}", page.entries.back().digest.to_string(), query.integer(1), query.integer(0));
    }
  }
  return page;
}

CandidatePage read_untagged(Connection& connection, const WalkPosition& from, std::size_t limit) {
  const std::int64_t first = from.empty() ? 0 : number_in(from);
  const std::int64_t last = first + sqlite::limit_and_one(limit) - 1;
  CandidatePage page;
  Query query = connection.query(Statement::list_untagged_manifests, first, last);
  while (query.step()) {
    page.entries.push_back({.kind = ReviewKind::manifest,
                            .repository = optional_repository(query, 0),
                            .digest = query.digest(1),
                            .due = query.optional_time(2)});
  }
  if (connection.query(Statement::find_last_manifest, last).step()) page.next = std::to_string(last);
  return page;
}

std::vector<Candidate> read_needed_by_trash(Connection& connection) {
  std::vector<Candidate> needed;
  const auto add = [&needed](const Digest& digest) {
    needed.push_back({.kind = ReviewKind::blob, .repository = std::nullopt, .digest = digest, .due = std::nullopt});
  };
  const std::int64_t all = sqlite::limit_and_one(SIZE_MAX);
  Query manifests = connection.query(Statement::list_trash, std::int64_t{0}, all);
  while (manifests.step()) add(manifests.digest(2));
  Query children = connection.query(Statement::list_all_trash_children, BorrowedBytes{}, all);
  while (children.step()) add(children.digest(0));
  return needed;
}

class SqlitePreview final : public CollectionPreview {
 public:
  explicit SqlitePreview(sqlite::Readers& readers) : readers_(readers) {}

  Task<std::vector<ReviewOutcome>> settle(std::vector<Candidate> candidates, CollectionRules rules) override {
    return readers_.run([this, candidates = std::move(candidates), rules](Connection& connection) {
      SqliteCollectionTransaction facts(connection, state_.gone);
      PreviewTransaction transaction(facts, state_);
      return settle_reviews(transaction, candidates, rules);
    });
  }
  Task<std::vector<Candidate>> empty_trash() override {
    state_.gone.is_trash_empty = true;
    return readers_.run([](Connection& connection) { return read_needed_by_trash(connection); });
  }
  std::vector<Candidate> take_follow_ups() override { return std::exchange(state_.follow_ups, {}); }

 private:
  sqlite::Readers& readers_;
  PreviewState state_;
};

void add_keepers(Connection& connection, const Digest& digest, std::size_t limit, Explanation& explanation) {
  const auto add = [&explanation, limit](Keeper keeper) {
    if (explanation.keepers.size() < limit) explanation.keepers.push_back(std::move(keeper));
  };
  const GoneContent nothing;
  SqliteCollectionTransaction facts(connection, nothing);
  Query manifests = connection.query(Statement::list_manifests_of_digest, digest);
  while (manifests.step()) {
    const RepositoryName repository = sqlite::stored_repository_name(manifests.bytes(0));
    const std::optional<ManifestFacts> manifest = facts.manifest(repository, digest);
    if (!manifest) continue;
    for (const Tag& tag : manifest->tags) add({.kind = KeeperKind::tag, .repository = repository, .tag = tag});
    if (manifest->is_pinned) add({.kind = KeeperKind::pin, .repository = repository});
    if (const auto index = facts.index_naming(repository, digest)) {
      add({.kind = KeeperKind::index, .repository = repository, .by = index});
    }
    if (manifest->subject && facts.has_manifest(repository, *manifest->subject)) {
      add({.kind = KeeperKind::subject, .repository = repository, .by = manifest->subject});
    }
    add({.kind = KeeperKind::promise, .repository = repository, .until = manifest->promised_until});
  }
  Query links = connection.query(Statement::list_links_of_blob, digest);
  while (links.step()) {
    add({.kind = KeeperKind::link,
         .repository = sqlite::stored_repository_name(links.bytes(0)),
         .until = links.time(1)});
  }
  Query references = connection.query(Statement::list_references_to, digest);
  while (references.step()) {
    add({.kind = KeeperKind::reference,
         .repository = sqlite::stored_repository_name(references.bytes(0)),
         .by = references.digest(1)});
    if (explanation.keepers.size() == limit) break;
  }
}

Explanation explain_in(Connection& connection, const Digest& digest, std::size_t limit) {
  Explanation explanation;
  if (Query blob = connection.query(Statement::find_blob_facts, digest); blob.step()) {
    explanation.blob = BlobFacts{blob.count(0), static_cast<BlobState>(blob.integer(1))};
  }
  add_keepers(connection, digest, limit, explanation);
  const std::int64_t rows = sqlite::limit_and_one(limit) - 1;
  Query reviews = connection.query(Statement::list_reviews_of, digest, rows);
  while (reviews.step()) {
    explanation.reviews.push_back({.kind = static_cast<ReviewKind>(reviews.integer(0)),
                                   .repository = optional_repository(reviews, 1),
                                   .digest = digest,
                                   .due = reviews.time(2)});
  }
  Query removals = connection.query(Statement::list_removals_of, digest, rows);
  while (removals.step()) {
    explanation.removals.push_back({.at = removals.time(0),
                                    .kind = static_cast<ReviewKind>(removals.integer(1)),
                                    .repository = optional_repository(removals, 2),
                                    .digest = digest,
                                    .size_bytes = removals.count(3),
                                    .why = removals.text(4)});
  }
  return explanation;
}

}  // namespace

Task<std::vector<Candidate>> SqliteCollectionStore::due_candidates(WallTime now, std::size_t limit) {
  return readers_.run([now, limit](Connection& connection) {
    std::vector<Candidate> due;
    Query query = connection.query(Statement::list_due_reviews, now, sqlite::limit_and_one(limit) - 1);
    while (query.step()) {
      due.push_back({.kind = static_cast<ReviewKind>(query.integer(0)),
                     .repository = optional_repository(query, 1),
                     .digest = query.digest(2),
                     .due = query.time(3)});
    }
    return due;
  });
}

Task<CandidatePage> SqliteCollectionStore::all_candidates(WalkPosition from, std::size_t limit) {
  return readers_.run(
      [from = std::move(from), limit](Connection& connection) { return read_all_candidates(connection, from, limit); });
}

Task<CandidatePage> SqliteCollectionStore::untagged_manifests(WalkPosition from, std::size_t limit) {
  return readers_.run(
      [from = std::move(from), limit](Connection& connection) { return read_untagged(connection, from, limit); });
}

Task<std::vector<ReviewOutcome>> SqliteCollectionStore::settle(std::vector<Candidate> candidates,
                                                               CollectionRules rules) {
  return writer_.run(0, [candidates = std::move(candidates), rules](Connection& connection) {
    const GoneContent nothing;
    SqliteCollectionTransaction transaction(connection, nothing);
    return settle_reviews(transaction, candidates, rules);
  });
}

std::unique_ptr<CollectionPreview> SqliteCollectionStore::preview() {
  return std::make_unique<SqlitePreview>(readers_);
}

Task<std::vector<DeletingBlob>> SqliteCollectionStore::deleting_blobs(std::optional<Digest> after, std::size_t limit) {
  return readers_.run([after, limit](Connection& connection) {
    std::vector<DeletingBlob> blobs;
    const std::int64_t rows = sqlite::limit_and_one(limit) - 1;
    // An empty blob stands before every digest.
    Query query = after ? connection.query(Statement::list_deleting_blobs, *after, rows)
                        : connection.query(Statement::list_deleting_blobs, BorrowedBytes{}, rows);
    while (query.step()) blobs.push_back({query.digest(0), query.count(1)});
    return blobs;
  });
}

Task<> SqliteCollectionStore::finish_removals(std::vector<Digest> blobs) {
  return writer_.run(0, [blobs = std::move(blobs)](Connection& connection) {
    for (const Digest& blob : blobs) connection.change(Statement::finish_blob_removal, blob);
  });
}

Task<Explanation> SqliteCollectionStore::explain(Digest digest, std::size_t limit) {
  return readers_.run([digest, limit](Connection& connection) { return explain_in(connection, digest, limit); });
}

Task<std::size_t> SqliteCollectionStore::forget_removals(WallTime before, std::size_t limit) {
  return writer_.run(0, [before, limit](Connection& connection) {
    return static_cast<std::size_t>(
        connection.change(Statement::delete_old_removals, before, sqlite::limit_and_one(limit) - 1));
  });
}

}  // namespace berth
