// Pages: repositories, tags, referrers, a tag's history. All by keyset: a page costs what it holds.
#include <utility>

#include "metadata/sqlite/annotations.h"
#include "metadata/sqlite/read_page.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Connection;
using sqlite::Query;
using sqlite::read_page;
using sqlite::Statement;

namespace {

ReferrerRecord read_referrer(const Query& query) {
  return {query.digest(0), query.text(1), query.text(2), query.count(3), sqlite::annotations_from_text(query.bytes(4))};
}

}  // namespace

Task<bool> SqliteMetadataStore::repository_exists(RepositoryName repository) {
  return read([repository = std::move(repository)](Connection& connection) {
    return connection.query(Statement::repository_exists, repository.text()).step();
  });
}

Task<std::optional<RepositoryName>> SqliteMetadataStore::renamed_to(RepositoryName name, WallTime now) {
  return read(
      [name = std::move(name), now](Connection& connection) { return sqlite::find_renamed(connection, name, now); });
}

Task<Page<Tag>> SqliteMetadataStore::list_tags(RepositoryName repository, std::optional<std::string> after,
                                               std::size_t limit) {
  return read(
      [repository = std::move(repository), after = std::move(after).value_or(""), limit](Connection& connection) {
        return read_page<Tag>(
            connection.query(Statement::list_tags, repository.text(), after, sqlite::limit_and_one(limit)), limit,
            [](const Query& query) { return sqlite::stored_tag(query.bytes(0)); });
      });
}

Task<Page<RepositoryName>> SqliteMetadataStore::list_repositories(std::optional<std::string> after, std::size_t limit) {
  return read([after = std::move(after).value_or(""), limit](Connection& connection) {
    return read_page<RepositoryName>(
        connection.query(Statement::list_repositories, after, sqlite::limit_and_one(limit)), limit,
        [](const Query& query) { return sqlite::stored_repository_name(query.bytes(0)); });
  });
}

Task<Page<ReferrerRecord>> SqliteMetadataStore::list_referrers(RepositoryName repository, Digest subject,
                                                               std::optional<std::string> artifact_type,
                                                               std::optional<Digest> after, std::size_t limit) {
  return read([repository = std::move(repository), subject, artifact_type = std::move(artifact_type), after,
               limit](Connection& connection) {
    const auto list = [&](auto from) {
      const std::int64_t rows = sqlite::limit_and_one(limit);
      return artifact_type ? connection.query(Statement::list_referrers_of_type, repository.text(), subject, from, rows,
                                              *artifact_type)
                           : connection.query(Statement::list_referrers, repository.text(), subject, from, rows);
    };
    // An empty blob stands before every digest.
    return read_page<ReferrerRecord>(after ? list(*after) : list(BorrowedBytes{}), limit, read_referrer);
  });
}

Task<std::vector<TagChange>> SqliteMetadataStore::tag_history(RepositoryName repository, Tag tag, std::size_t limit) {
  return read([repository = std::move(repository), tag = std::move(tag), limit](Connection& connection) {
    std::vector<TagChange> changes;
    Query query =
        connection.query(Statement::list_tag_changes, repository.text(), tag.text(), sqlite::limit_and_one(limit) - 1);
    while (query.step()) {
      changes.push_back({query.time(0), query.text(1), query.optional_digest(2), query.optional_digest(3)});
    }
    return changes;
  });
}

}  // namespace berth
