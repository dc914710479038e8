// PreviewTransaction: decisions without deeds. What it removes is remembered as gone, so that the next decision is made
// as after a real removal.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "metadata/settle_reviews.h"

namespace berth {

/// What a preview has removed so far. The facts of its transaction leave it out.
struct GoneContent {
  std::set<std::pair<RepositoryName, Digest>> manifests;
  std::set<std::pair<RepositoryName, Digest>> links;
  std::set<Digest> blobs;
  std::set<Digest> needed_by_trash;  ///< by manifests that are gone here and would rest in the trash
  bool is_trash_empty = false;       ///< as if the trash had been emptied before

  bool has_manifest(const RepositoryName& repository, const Digest& digest) const {
    return !manifests.empty() && manifests.contains({repository, digest});
  }
  bool has_link(const RepositoryName& repository, const Digest& digest) const {
    return !links.empty() && links.contains({repository, digest});
  }
  bool has_blob(const Digest& digest) const { return !blobs.empty() && blobs.contains(digest); }
};

struct PreviewState {
  GoneContent gone;
  std::vector<Candidate> follow_ups;
};

/// Lifetime: `facts`, which reads with `state.gone` left out, and `state` outlive it. Its deeds are never called.
class PreviewTransaction final : public CollectionTransaction {
 public:
  PreviewTransaction(CollectionTransaction& facts, PreviewState& state) : facts_(facts), state_(state) {}

  std::optional<ManifestFacts> manifest(const RepositoryName& repository, const Digest& digest) override {
    return facts_.manifest(repository, digest);
  }
  bool has_manifest(const RepositoryName& repository, const Digest& digest) override {
    return facts_.has_manifest(repository, digest);
  }
  std::optional<Digest> index_naming(const RepositoryName& repository, const Digest& digest) override {
    return facts_.index_naming(repository, digest);
  }
  std::optional<WallTime> link(const RepositoryName& repository, const Digest& digest) override {
    return facts_.link(repository, digest);
  }
  std::optional<Digest> manifest_naming(const RepositoryName& repository, const Digest& digest) override {
    return facts_.manifest_naming(repository, digest);
  }
  std::optional<BlobFacts> blob(const Digest& digest) override { return facts_.blob(digest); }
  std::optional<RepositoryName> linking_repository(const Digest& digest) override {
    return facts_.linking_repository(digest);
  }
  std::optional<Keeper> reference_to(const Digest& digest) override { return facts_.reference_to(digest); }
  std::optional<Keeper> trash_needing(const Digest& digest) override {
    if (state_.gone.needed_by_trash.contains(digest)) return Keeper{.kind = KeeperKind::trash};
    return facts_.trash_needing(digest);
  }
  std::optional<RepositoryName> repository_with_manifest(const Digest& digest) override {
    return facts_.repository_with_manifest(digest);
  }
  /// Whatever happened meanwhile, the preview shows what it sees.
  std::optional<WallTime> review_due(const Candidate& candidate) override { return candidate.due; }

  void finish_review(const Candidate&) override {}
  void schedule(const Candidate& candidate, WallTime due) override;
  RemovedManifest remove_manifest(const RepositoryName& repository, const Digest& digest,
                                  const CollectionRules& rules) override;
  void remove_link(const RepositoryName& repository, const Digest& digest) override;
  void mark_blob_deleting(const Digest& digest) override { state_.gone.blobs.insert(digest); }
  void record_removal(const Removal&) override {}
  std::vector<Candidate> kept_by_manifest(const RepositoryName& repository, const Digest& digest) override {
    return facts_.kept_by_manifest(repository, digest);
  }

 private:
  CollectionTransaction& facts_;
  PreviewState& state_;
};

}  // namespace berth
