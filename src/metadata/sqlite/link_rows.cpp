#include "metadata/sqlite/link_rows.h"

#include "metadata/sqlite/transactions.h"

namespace berth::sqlite {

std::vector<RepositoryName> read_repositories(Connection& connection, const std::string& after, std::size_t limit) {
  std::vector<RepositoryName> names;
  Query query = connection.query(Statement::list_existing_repositories, after, limit_and_one(limit) - 1);
  while (query.step()) names.push_back(stored_repository_name(query.bytes(0)));
  return names;
}

std::vector<LinkRow> read_revisions(Connection& connection, const RepositoryName& repository, std::int64_t after,
                                    std::size_t limit) {
  std::vector<LinkRow> rows;
  const std::optional<RepositoryId> home = find_repository(connection, repository);
  if (!home) return rows;
  Query query = connection.query(Statement::list_revisions, *home, after, limit_and_one(limit) - 1);
  while (query.step()) rows.push_back({.id = query.integer(0), .digest = query.digest(1), .since = query.time(2)});
  return rows;
}

std::vector<LinkRow> read_tags(Connection& connection, const RepositoryName& repository, const std::string& after,
                               std::size_t limit) {
  std::vector<LinkRow> rows;
  const std::optional<RepositoryId> home = find_repository(connection, repository);
  if (!home) return rows;
  Query query = connection.query(Statement::list_tag_targets, *home, after, limit_and_one(limit) - 1);
  while (query.step()) {
    rows.push_back({.digest = query.digest(1), .tag = stored_tag(query.bytes(0)), .since = query.optional_time(2)});
  }
  return rows;
}

}  // namespace berth::sqlite
