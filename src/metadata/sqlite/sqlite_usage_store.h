// SqliteUsageStore: what repositories hold, from the embedded metadata database.
#pragma once

#include "metadata/sqlite/charges.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"
#include "metadata/usage_store.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with. `scopes` is what the connections look at.
class SqliteUsageStore final : public UsageStore {
 public:
  SqliteUsageStore(sqlite::Readers& readers, sqlite::WriteQueue& writer, sqlite::KeptScopes& scopes)
      : readers_(readers), writer_(writer), scopes_(scopes) {}

  Task<std::size_t> keep_scopes(std::vector<QuotaScope> scopes) override;
  Task<std::vector<ScopeUsage>> usage_of(RepositoryName repository) override;
  Task<std::vector<PossibleUsage>> usage_with(RepositoryName repository, Digest digest,
                                              std::uint64_t size_bytes) override;
  Task<Page<ScopeUsage>> list_usage(std::size_t scope, std::optional<RepositoryName> after, std::size_t limit) override;
  Task<bool> misses_a_blob(RepositoryName repository) override;
  Task<std::vector<BlobHoldings>> walk_blobs(std::optional<Digest> after, std::size_t limit) override;
  Task<std::vector<RepositoryHoldings>> walk_repositories(std::optional<RepositoryName> after,
                                                          std::size_t limit) override;
  Task<std::vector<ManifestHolding>> walk_manifests(std::int64_t after, std::size_t limit) override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
  sqlite::KeptScopes& scopes_;
};

}  // namespace berth
