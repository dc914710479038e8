// What is in use: the one place that decides it (data.md 6), for every store, and for a run that only looks.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metadata/collection_store.h"

namespace berth {

struct ManifestFacts {
  std::optional<Digest> subject;
  WallTime last_used;  ///< pushed or pulled
  WallTime promised_until;
  std::uint64_t size_bytes = 0;
  bool is_pinned = false;
  std::vector<Tag> tags;
};

struct RemovedManifest {
  bool unlisted_repository = false;
};

/// What a decision asks of a store and what it does there, inside one transaction.
///
/// Threading: the transaction's thread; blocks.
class CollectionTransaction {
 public:
  virtual ~CollectionTransaction() = default;

  virtual std::optional<ManifestFacts> manifest(const RepositoryName& repository, const Digest& digest) = 0;
  virtual bool has_manifest(const RepositoryName& repository, const Digest& digest) = 0;
  /// An index of the repository that names this manifest.
  virtual std::optional<Digest> index_naming(const RepositoryName& repository, const Digest& digest) = 0;
  /// The link's promise, if there is a link.
  virtual std::optional<WallTime> link(const RepositoryName& repository, const Digest& digest) = 0;
  /// A manifest of the repository that names this blob.
  virtual std::optional<Digest> manifest_naming(const RepositoryName& repository, const Digest& digest) = 0;
  virtual std::optional<BlobFacts> blob(const Digest& digest) = 0;
  virtual std::optional<RepositoryName> linking_repository(const Digest& digest) = 0;
  /// A manifest of any repository that names this digest, in whatever role.
  virtual std::optional<Keeper> reference_to(const Digest& digest) = 0;
  /// A deleted manifest that needs this digest if it is brought back.
  virtual std::optional<Keeper> trash_needing(const Digest& digest) = 0;
  /// A repository that holds a manifest of this digest.
  virtual std::optional<RepositoryName> repository_with_manifest(const Digest& digest) = 0;

  /// Of its review; nothing if there is none.
  virtual std::optional<WallTime> review_due(const Candidate& candidate) = 0;
  virtual void finish_review(const Candidate& candidate) = 0;
  /// Makes a review, or moves the one that stands forward, never back.
  virtual void schedule(const Candidate& candidate, WallTime due) = 0;
  /// With its tags, whose history says so; schedules what it kept as due at `now`.
  virtual RemovedManifest remove_manifest(const RepositoryName& repository, const Digest& digest,
                                          const CollectionRules& rules) = 0;
  virtual void remove_link(const RepositoryName& repository, const Digest& digest) = 0;
  virtual void mark_blob_deleting(const Digest& digest) = 0;
  virtual void record_removal(const Removal& removal) = 0;

  /// What a manifest's removal schedules: for a run that only looks.
  virtual std::vector<Candidate> kept_by_manifest(const RepositoryName& repository, const Digest& digest) = 0;
};

/// What keeps a blob; nothing if nothing does.
std::optional<Keeper> keeper_of_blob(CollectionTransaction& transaction, const Digest& digest);

std::vector<ReviewOutcome> settle_reviews(CollectionTransaction& transaction, std::span<const Candidate> candidates,
                                          const CollectionRules& rules);

}  // namespace berth
