#include "metadata/sqlite/transactions.h"

#include <algorithm>
#include <limits>

#include "metadata/metadata_store.h"

namespace berth::sqlite {
namespace {

template <class T>
T trusted(Result<T> parsed) {
  if (!parsed) throw Failure(FailureKind::metadata, "metadata: a stored name is damaged: " + parsed.error().message);
  return *std::move(parsed);
}

}  // namespace

std::optional<RepositoryId> find_repository(Connection& connection, const RepositoryName& name) {
  Query query = connection.query(Statement::find_repository, name.text());
  if (!query.step()) return std::nullopt;
  return query.integer(0);
}

std::optional<RepositoryName> find_renamed(Connection& connection, const RepositoryName& name, WallTime now) {
  Query alias = connection.query(Statement::find_alias, name.text());
  if (!alias.step() || alias.time(1) <= now) return std::nullopt;
  return stored_repository_name(alias.bytes(2));
}

void expect_own_name(Connection& connection, const RepositoryName& name, WallTime now) {
  if (std::optional<RepositoryName> to = find_renamed(connection, name, now)) throw RepositoryRenamed(*std::move(to));
}

RepositoryId find_or_create_repository(Connection& connection, const RepositoryName& name, WallTime now) {
  if (const std::optional<RepositoryId> known = find_repository(connection, name)) {
    connection.change(Statement::revive_repository, *known);
    return *known;
  }
  connection.change(Statement::create_repository, name.text(), now);
  return connection.last_row_id();
}

void put_review(Connection& connection, ReviewKind kind, RepositoryId repository, const Digest& digest, WallTime due) {
  connection.change(Statement::put_review, digest, repository, kind, due);
}

std::int64_t limit_and_one(std::size_t limit) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int64_t>(std::min(limit, kMost)) + 1;
}

RepositoryName stored_repository_name(std::string_view text) {
  return trusted(RepositoryName::parse(text));
}
Tag stored_tag(std::string_view text) {
  return trusted(Tag::parse(text));
}
AccountName stored_account_name(std::string_view text) {
  return trusted(AccountName::parse(text));
}

}  // namespace berth::sqlite
