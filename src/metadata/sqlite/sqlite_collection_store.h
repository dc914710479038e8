// SqliteCollectionStore: the collector's side of the embedded metadata database.
#pragma once

#include <memory>
#include <vector>

#include "metadata/collection_store.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteCollectionStore final : public CollectionStore {
 public:
  SqliteCollectionStore(sqlite::Readers& readers, sqlite::WriteQueue& writer) : readers_(readers), writer_(writer) {}

  Task<std::vector<Candidate>> due_candidates(WallTime now, std::size_t limit) override;
  Task<CandidatePage> all_candidates(WalkPosition from, std::size_t limit) override;
  Task<CandidatePage> untagged_manifests(WalkPosition from, std::size_t limit) override;
  Task<std::vector<ReviewOutcome>> settle(std::vector<Candidate> candidates, CollectionRules rules) override;
  std::unique_ptr<CollectionPreview> preview() override;
  Task<std::vector<DeletingBlob>> deleting_blobs(std::optional<Digest> after, std::size_t limit) override;
  Task<> finish_removals(std::vector<Digest> blobs) override;
  Task<Explanation> explain(Digest digest, std::size_t limit) override;
  Task<std::size_t> forget_removals(WallTime before, std::size_t limit) override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
};

}  // namespace berth
