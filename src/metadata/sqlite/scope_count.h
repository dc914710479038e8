// Which quota scopes the database keeps, and counting those afresh that it has not kept so far.
#pragma once

#include <cstddef>
#include <vector>

#include "metadata/sqlite/charges.h"

namespace berth::sqlite {

struct ScopeChange {
  KeptScopes kept;
  std::size_t counted = 0;  ///< of them, afresh
};

/// Inside a transaction: brings the rows to these scopes. Costs what the database holds if any of them is new.
ScopeChange keep_scopes(Connection& connection, std::vector<QuotaScope> scopes);

/// Inside a transaction in which two names have changed what they stand for: counts afresh the scopes that have one of
/// them and not the other. Costs what the database holds if there is any.
void recount_scopes_of_one(Connection& connection, const RepositoryName& one, const RepositoryName& other);

}  // namespace berth::sqlite
