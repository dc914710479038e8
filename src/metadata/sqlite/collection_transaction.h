// What the collector's decisions ask of the embedded database and do to it.
#pragma once

#include "metadata/preview_transaction.h"
#include "metadata/settle_reviews.h"
#include "metadata/sqlite/transactions.h"

namespace berth::sqlite {

/// Threading: the connection's. Lifetime: the transaction under way, at most.
class SqliteCollectionTransaction final : public CollectionTransaction {
 public:
  /// What is in `gone` is as if it were not there.
  SqliteCollectionTransaction(Connection& connection, const GoneContent& gone) : connection_(connection), gone_(gone) {}

  std::optional<ManifestFacts> manifest(const RepositoryName& repository, const Digest& digest) override;
  bool has_manifest(const RepositoryName& repository, const Digest& digest) override;
  std::optional<Digest> index_naming(const RepositoryName& repository, const Digest& digest) override;
  std::optional<WallTime> link(const RepositoryName& repository, const Digest& digest) override;
  std::optional<Digest> manifest_naming(const RepositoryName& repository, const Digest& digest) override;
  std::optional<BlobFacts> blob(const Digest& digest) override;
  std::optional<RepositoryName> linking_repository(const Digest& digest) override;
  std::optional<Keeper> reference_to(const Digest& digest) override;
  std::optional<Keeper> trash_needing(const Digest& digest) override;
  std::optional<RepositoryName> repository_with_manifest(const Digest& digest) override;

  std::optional<WallTime> review_due(const Candidate& candidate) override;
  void finish_review(const Candidate& candidate) override;
  void schedule(const Candidate& candidate, WallTime due) override;
  RemovedManifest remove_manifest(const RepositoryName& repository, const Digest& digest,
                                  const CollectionRules& rules) override;
  void remove_link(const RepositoryName& repository, const Digest& digest) override;
  void mark_blob_deleting(const Digest& digest) override;
  void record_removal(const Removal& removal) override;
  std::vector<Candidate> kept_by_manifest(const RepositoryName& repository, const Digest& digest) override;

 private:
  std::optional<RepositoryId> id_of(const RepositoryName& repository);
  /// The repository of a candidate as reviews number it.
  RepositoryId review_repository(const Candidate& candidate);
  std::optional<Digest> first_naming(Statement statement, const RepositoryName& repository, const Digest& digest);

  Connection& connection_;
  const GoneContent& gone_;
};

/// A row's repository, where 0 stands for none.
std::optional<RepositoryName> optional_repository(const Query& query, int column);

}  // namespace berth::sqlite
