// ChangeCountingCollectionStore: counts what the collector removes, as ChangeCountingStore counts what clients change.
#pragma once

#include <utility>

#include "metadata/change_numbers.h"
#include "metadata/collection_store.h"

namespace berth {

/// Lifetime: `inner` and `changes` outlive it.
class ChangeCountingCollectionStore final : public CollectionStore {
 public:
  ChangeCountingCollectionStore(CollectionStore& inner, ChangeNumbers& changes) : inner_(inner), changes_(changes) {}

  Task<std::vector<ReviewOutcome>> settle(std::vector<Candidate> candidates, CollectionRules rules) override;

  // Reads, and writes that make nothing untrue that was read before.
  Task<std::vector<Candidate>> due_candidates(WallTime now, std::size_t limit) override {
    return inner_.due_candidates(now, limit);
  }
  Task<CandidatePage> all_candidates(WalkPosition from, std::size_t limit) override {
    return inner_.all_candidates(std::move(from), limit);
  }
  Task<CandidatePage> untagged_manifests(WalkPosition from, std::size_t limit) override {
    return inner_.untagged_manifests(std::move(from), limit);
  }
  std::unique_ptr<CollectionPreview> preview() override { return inner_.preview(); }
  Task<std::vector<DeletingBlob>> deleting_blobs(std::optional<Digest> after, std::size_t limit) override {
    return inner_.deleting_blobs(after, limit);
  }
  Task<> finish_removals(std::vector<Digest> blobs) override { return inner_.finish_removals(std::move(blobs)); }
  Task<Explanation> explain(Digest digest, std::size_t limit) override { return inner_.explain(digest, limit); }
  Task<std::size_t> forget_removals(WallTime before, std::size_t limit) override {
    return inner_.forget_removals(before, limit);
  }

 private:
  void count(const ReviewOutcome& outcome);

  CollectionStore& inner_;
  ChangeNumbers& changes_;
};

}  // namespace berth
