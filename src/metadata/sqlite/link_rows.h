// Rows that the link tree has links for: of the database that is served, and of a copy of it.
#pragma once

#include <string>
#include <vector>

#include "metadata/link_store.h"
#include "metadata/sqlite/connection.h"

namespace berth::sqlite {

std::vector<RepositoryName> read_repositories(Connection& connection, const std::string& after, std::size_t limit);
std::vector<LinkRow> read_revisions(Connection& connection, const RepositoryName& repository, std::int64_t after,
                                    std::size_t limit);
std::vector<LinkRow> read_tags(Connection& connection, const RepositoryName& repository, const std::string& after,
                               std::size_t limit);

}  // namespace berth::sqlite
