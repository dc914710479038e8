// What repositories hold: figures that are kept, and walks.
#include <algorithm>
#include <utility>

#include "metadata/sqlite/read_page.h"
#include "metadata/sqlite/scope_count.h"
#include "metadata/sqlite/sqlite_usage_store.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Charges;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::Statement;

namespace {

std::vector<ScopeUsage> usage_in(Connection& connection, const RepositoryName& repository) {
  std::vector<ScopeUsage> all;
  if (connection.scopes() == nullptr) return all;
  Charges charges(connection, repository, sqlite::find_repository(connection, repository));
  const std::vector<QuotaScope>& scopes = connection.scopes()->scopes;
  for (std::size_t scope = 0; scope < scopes.size(); ++scope) {
    if (!scopes[scope].has(repository.text())) continue;
    const bool is_own = scopes[scope].unit == ScopeUnit::each;
    all.push_back({.scope = scope,
                   .repository = is_own ? std::optional(repository) : std::nullopt,
                   .usage = charges.usage(scope)});
  }
  return all;
}

Page<ScopeUsage> list_usage_in(Connection& connection, std::size_t scope, const std::optional<RepositoryName>& after,
                               std::size_t limit) {
  const std::int64_t id = connection.scopes()->ids.at(scope);
  const auto read_usage = [](const Query& query, int column) {
    return QuotaUsage{.bytes = query.count(column),
                      .pending_bytes = query.count(column + 1),
                      .manifests = query.count(column + 2),
                      .tags = query.count(column + 3)};
  };
  if (connection.scopes()->scopes.at(scope).unit == ScopeUnit::each) {
    return sqlite::read_page<ScopeUsage>(
        connection.query(Statement::list_quota_usage, id, after ? after->text() : std::string(),
                         sqlite::limit_and_one(limit)),
        limit, [&](const Query& query) {
          return ScopeUsage{.scope = scope,
                            .repository = sqlite::stored_repository_name(query.bytes(0)),
                            .usage = read_usage(query, 1)};
        });
  }
  Query query = connection.query(Statement::find_quota_usage, id, sqlite::kNoRepository);
  ScopeUsage whole{.scope = scope};
  if (query.step()) whole.usage = read_usage(query, 0);
  return {.entries = {whole}, .has_more = false};
}

void read_holders(Connection& connection, BlobHoldings& blob) {
  Query holders = connection.query(Statement::list_holders_of_blob, blob.digest);
  while (holders.step()) {
    blob.holders.push_back({.repository = sqlite::stored_repository_name(holders.bytes(0)),
                            .promised_until = holders.time(1),
                            .is_named = holders.integer(2) != 0});
  }
  std::ranges::sort(blob.holders, {}, &BlobHolder::repository);
  blob.is_referenced = connection.query(Statement::find_reference_anywhere, blob.digest).step() ||
                       connection.query(Statement::find_manifest_anywhere, blob.digest).step();
  for (const Statement statement : {Statement::list_trash_that_names, Statement::list_trash_of_digest}) {
    Query trash = connection.query(statement, blob.digest);
    while (trash.step()) blob.trashed_in.push_back(sqlite::stored_repository_name(trash.bytes(0)));
  }
  std::ranges::sort(blob.trashed_in);
  const auto repeated = std::ranges::unique(blob.trashed_in);
  blob.trashed_in.erase(repeated.begin(), repeated.end());
}

std::vector<BlobHoldings> walk_blobs_in(Connection& connection, const std::optional<Digest>& after, std::size_t limit) {
  std::vector<BlobHoldings> walked;
  {
    const std::int64_t rows = sqlite::limit_and_one(limit) - 1;
    Query query = after ? connection.query(Statement::list_blobs, *after, rows)
                        : connection.query(Statement::list_blobs, BorrowedBytes{}, rows);
    while (query.step()) {
      walked.push_back(
          {.digest = query.digest(0), .size_bytes = query.count(1), .state = static_cast<BlobState>(query.integer(2))});
    }
  }
  for (BlobHoldings& blob : walked) read_holders(connection, blob);
  return walked;
}

std::vector<RepositoryHoldings> walk_repositories_in(Connection& connection, const std::string& after,
                                                     std::size_t limit) {
  std::vector<RepositoryHoldings> walked;
  Query query = connection.query(Statement::list_all_repositories, after, sqlite::limit_and_one(limit) - 1);
  while (query.step()) {
    Query tags = connection.query(Statement::count_tags, RepositoryId{query.integer(0)});
    tags.step();
    walked.push_back({.repository = sqlite::stored_repository_name(query.bytes(1)),
                      .manifests = query.count(2),
                      .tags = tags.count(0)});
  }
  return walked;
}

}  // namespace

Task<std::size_t> SqliteUsageStore::keep_scopes(std::vector<QuotaScope> scopes) {
  return writer_.run(0, [this, scopes = std::move(scopes)](Connection& connection) {
    sqlite::ScopeChange change = sqlite::keep_scopes(connection, scopes);
    scopes_ = std::move(change.kept);
    return change.counted;
  });
}

Task<std::vector<ScopeUsage>> SqliteUsageStore::usage_of(RepositoryName repository) {
  return readers_.run(
      [repository = std::move(repository)](Connection& connection) { return usage_in(connection, repository); });
}

Task<std::vector<PossibleUsage>> SqliteUsageStore::usage_with(RepositoryName repository, Digest digest,
                                                              std::uint64_t size_bytes) {
  return readers_.run([repository = std::move(repository), digest, size_bytes](Connection& connection) {
    const std::optional<RepositoryId> home = sqlite::find_repository(connection, repository);
    Charges linked(connection, repository, home);
    Charges named(connection, repository, home);
    if (linked.is_empty()) return std::vector<PossibleUsage>();
    return possible_usage(linked.sheet(), named.sheet(), linked, digest, size_bytes,
                          linked.standing_of(digest).standing);
  });
}

Task<Page<ScopeUsage>> SqliteUsageStore::list_usage(std::size_t scope, std::optional<RepositoryName> after,
                                                    std::size_t limit) {
  return readers_.run([scope, after = std::move(after), limit](Connection& connection) {
    return list_usage_in(connection, scope, after, limit);
  });
}

Task<bool> SqliteUsageStore::misses_a_blob(RepositoryName repository) {
  return readers_.run([repository = std::move(repository)](Connection& connection) {
    return connection.query(Statement::find_missing_link, repository.text(), BorrowedBytes{}).step();
  });
}

Task<std::vector<BlobHoldings>> SqliteUsageStore::walk_blobs(std::optional<Digest> after, std::size_t limit) {
  return readers_.run([after, limit](Connection& connection) { return walk_blobs_in(connection, after, limit); });
}

Task<std::vector<RepositoryHoldings>> SqliteUsageStore::walk_repositories(std::optional<RepositoryName> after,
                                                                          std::size_t limit) {
  return readers_.run([after = after ? after->text() : std::string(), limit](Connection& connection) {
    return walk_repositories_in(connection, after, limit);
  });
}

Task<std::vector<ManifestHolding>> SqliteUsageStore::walk_manifests(std::int64_t after, std::size_t limit) {
  return readers_.run([after, limit](Connection& connection) {
    std::vector<ManifestHolding> walked;
    Query query = connection.query(Statement::list_manifest_sizes_by_id, after, sqlite::limit_and_one(limit) - 1);
    while (query.step()) {
      walked.push_back({.number = query.integer(0),
                        .repository = sqlite::stored_repository_name(query.bytes(1)),
                        .size_bytes = query.count(2)});
    }
    return walked;
  });
}

}  // namespace berth
