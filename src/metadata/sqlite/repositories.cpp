// Repositories as a whole: deleted, renamed, known by an old name.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metadata/sqlite/charges.h"
#include "metadata/sqlite/manifest_rows.h"
#include "metadata/sqlite/read_page.h"
#include "metadata/sqlite/scope_count.h"
#include "metadata/sqlite/sqlite_repository_store.h"
#include "metadata/sqlite/transactions.h"
#include "metadata/tag_precondition.h"

namespace berth {

using sqlite::Charges;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::Statement;

namespace {

constexpr std::string_view kNoName = "";  // stands before every name, and is nobody's

bool is_known(Connection& connection, const RepositoryName& name) {
  return connection.query(Statement::repository_exists, name.text()).step();
}

struct Doomed {
  std::int64_t id = 0;
  Digest digest;
  std::vector<Tag> tags = {};
};

std::vector<Doomed> next_manifests(Connection& connection, RepositoryId repository, std::size_t limit) {
  std::vector<Doomed> doomed;
  Query query = connection.query(Statement::list_manifests_of_repository, repository, sqlite::limit_and_one(limit) - 1);
  while (query.step()) doomed.push_back({query.integer(0), query.digest(1)});
  return doomed;
}

std::vector<Digest> blobs_of(Connection& connection, std::int64_t manifest) {
  std::vector<Digest> blobs;
  Query query = connection.query(Statement::list_blobs_of_manifest, manifest);
  while (query.step()) blobs.push_back(query.digest(0));
  return blobs;
}

void remove(Connection& connection, RepositoryId repository, const Doomed& doomed, const DeleteRepository& request) {
  const std::vector<Digest> blobs = blobs_of(connection, doomed.id);
  sqlite::remove_on_request(connection, {.repository = repository,
                                         .name = request.repository,
                                         .id = doomed.id,
                                         .digest = doomed.digest,
                                         .tags = doomed.tags,
                                         .who = request.who,
                                         .now = request.now,
                                         .review_due = request.review_due,
                                         .to_trash = request.to_trash});
  // What nobody can name here any more is not served here any more either.
  for (const Digest& blob : blobs) {
    if (connection.query(Statement::find_manifest_that_names, blob, repository).step()) continue;
    Charges charges(connection, request.repository, repository);
    charges.unlink(blob);
    charges.check_and_write();
    if (connection.change(Statement::delete_link, blob, repository) == 0) continue;
    sqlite::put_review(connection, ReviewKind::blob, sqlite::kNoRepository, blob, request.review_due);
  }
}

void forget_aliases_of(Connection& connection, RepositoryId repository) {
  std::vector<std::string> names;
  {
    Query query = connection.query(Statement::list_aliases, kNoName, sqlite::limit_and_one(SIZE_MAX));
    while (query.step()) {
      if (query.integer(3) == repository) names.push_back(query.text(0));
    }
  }
  for (const std::string& name : names) connection.change(Statement::delete_alias, name);
}

DeleteRepositoryOutcome delete_in(Connection& connection, const DeleteRepository& request) {
  if (!is_known(connection, request.repository)) return RepositoryUnknown{};
  const RepositoryId repository = sqlite::find_repository(connection, request.repository).value();
  RepositoryDeleted deleted;
  std::vector<Doomed> all_doomed = next_manifests(connection, repository, request.limit);
  // A refusal has changed nothing.
  for (Doomed& doomed : all_doomed) {
    doomed.tags = sqlite::tags_of_manifest(connection, doomed.id);
    for (const Tag& tag : doomed.tags) {
      if (has_to_stay(request.protects, tag, doomed.digest, std::nullopt)) return TagProtected{tag};
    }
  }
  for (const Doomed& doomed : all_doomed) {
    remove(connection, repository, doomed, request);
    ++deleted.manifests;
    deleted.tags += doomed.tags.size();
  }
  deleted.is_all = connection.change(Statement::mark_repository_deleted, repository) == 1;
  if (deleted.is_all) forget_aliases_of(connection, repository);
  return deleted;
}

/// Nothing if the name is free, or a deleted repository's that has nothing left to bring back.
std::optional<NameTaken> who_has(Connection& connection, const RepositoryName& name, RepositoryId asking,
                                 WallTime now) {
  {
    Query alias = connection.query(Statement::find_alias, name.text());
    if (alias.step() && alias.integer(0) != asking && alias.time(1) > now) return NameTaken::by_alias;
  }
  if (is_known(connection, name)) return NameTaken::by_repository;
  const auto trash = [&] {
    return connection.query(Statement::list_trash_of_repository, std::int64_t{0}, std::int64_t{1}, name.text());
  };
  if (trash().step()) return NameTaken::by_trash;
  return std::nullopt;
}

RenameRepositoryOutcome rename_in(Connection& connection, const RenameRepository& request) {
  if (!is_known(connection, request.from)) return RepositoryUnknown{};
  const RepositoryId repository = sqlite::find_repository(connection, request.from).value();
  if (const auto taken = who_has(connection, request.to, repository, request.now)) return *taken;
  connection.change(Statement::delete_alias, request.to.text());
  const std::optional<RepositoryId> dead = sqlite::find_repository(connection, request.to);
  if (dead) connection.change(Statement::rename_repository, *dead, kNoName);
  connection.change(Statement::rename_repository, repository, request.to.text());
  if (dead) connection.change(Statement::rename_repository, *dead, request.from.text());
  std::vector<std::string> uploads;
  {
    Query query = connection.query(Statement::list_uploads, kNoName, WallTime::max(), sqlite::limit_and_one(SIZE_MAX));
    while (query.step()) {
      if (query.bytes(1) == request.from.text()) uploads.push_back(query.text(0));
    }
  }
  for (const std::string& upload : uploads) connection.change(Statement::move_upload, upload, request.to.text());
  if (request.alias_until) {
    connection.change(Statement::put_alias, request.from.text(), repository, *request.alias_until);
  } else {
    connection.change(Statement::delete_alias, request.from.text());
  }
  sqlite::recount_scopes_of_one(connection, request.from, request.to);
  return Renamed{};
}

}  // namespace

Task<DeleteRepositoryOutcome> SqliteRepositoryStore::delete_repository(DeleteRepository request) {
  return writer_.run(0,
                     [request = std::move(request)](Connection& connection) { return delete_in(connection, request); });
}

Task<RenameRepositoryOutcome> SqliteRepositoryStore::rename_repository(RenameRepository request) {
  return writer_.run(0,
                     [request = std::move(request)](Connection& connection) { return rename_in(connection, request); });
}

Task<Page<RepositoryAlias>> SqliteRepositoryStore::list_aliases(std::optional<RepositoryName> after,
                                                                std::size_t limit) {
  return readers_.run([after = after ? after->text() : std::string(), limit](Connection& connection) {
    return sqlite::read_page<RepositoryAlias>(
        connection.query(Statement::list_aliases, after, sqlite::limit_and_one(limit)), limit, [](const Query& query) {
          return RepositoryAlias{sqlite::stored_repository_name(query.bytes(0)),
                                 sqlite::stored_repository_name(query.bytes(1)), query.time(2)};
        });
  });
}

Task<bool> SqliteRepositoryStore::delete_alias(RepositoryName alias) {
  return writer_.run(0, [alias = std::move(alias)](Connection& connection) {
    return connection.change(Statement::delete_alias, alias.text()) == 1;
  });
}

}  // namespace berth
