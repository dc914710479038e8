// What the families of the store share inside a transaction.
#pragma once

#include <cstdint>
#include <optional>

#include "metadata/account_name.h"
#include "metadata/records.h"
#include "metadata/sqlite/connection.h"

namespace berth::sqlite {

/// The number of a repository; 0 stands for none in a review of a blob.
using RepositoryId = std::int64_t;
inline constexpr RepositoryId kNoRepository = 0;

std::optional<RepositoryId> find_repository(Connection& connection, const RepositoryName& name);
/// What an alias that still stands stands for.
std::optional<RepositoryName> find_renamed(Connection& connection, const RepositoryName& name, WallTime now);
/// Throws RepositoryRenamed if the name stands for another repository.
void expect_own_name(Connection& connection, const RepositoryName& name, WallTime now);
RepositoryId find_or_create_repository(Connection& connection, const RepositoryName& name, WallTime now);

/// Puts a review; one that stands only moves forward.
void put_review(Connection& connection, ReviewKind kind, RepositoryId repository, const Digest& digest, WallTime due);

/// Rows are fetched one more than asked for, to see whether more follow. Keeps `limit` inside what SQLite counts with.
std::int64_t limit_and_one(std::size_t limit);

/// Names were checked before they were stored: one that does not parse means a damaged database, Failure(metadata).
RepositoryName stored_repository_name(std::string_view text);
Tag stored_tag(std::string_view text);
AccountName stored_account_name(std::string_view text);

}  // namespace berth::sqlite
