// SqliteAdoptionStore: what the embedded metadata database takes over from Distribution's link files.
#pragma once

#include "metadata/adoption_store.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteAdoptionStore final : public AdoptionStore {
 public:
  SqliteAdoptionStore(sqlite::Readers& readers, sqlite::WriteQueue& writer) : readers_(readers), writer_(writer) {}

  Task<std::optional<AdoptionRecord>> adoption(AdoptionKind kind) override;
  Task<> begin_adoption(AdoptionKind kind, WallTime now) override;
  Task<AdoptedContent> adopt(AdoptContent content) override;
  Task<std::size_t> adopt_unlinked(std::vector<AdoptedBlob> blobs, WallTime now, WallTime review_due) override;
  Task<std::size_t> remove_absent(AbsentContent content) override;
  Task<std::vector<Digest>> without_manifest(RepositoryName repository, AdoptionKind kind,
                                             std::vector<Digest> digests) override;
  Task<> finish_repository(AdoptionKind kind, std::string name, AdoptionCounts counts) override;
  Task<bool> is_finished(std::string name) override;
  Task<> finish_adoption(AdoptionKind kind, AdoptionCounts rest, WallTime now) override;
  Task<> note_problems(std::vector<AdoptionProblem> problems) override;
  Task<std::vector<AdoptionProblem>> problems(std::int64_t after, std::size_t limit) override;
  Task<std::uint64_t> accept_losses() override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
};

}  // namespace berth
