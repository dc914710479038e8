// ChangeCountingAdoptionStore: counts what adoption brings and takes, as ChangeCountingStore counts what clients
// change.
#pragma once

#include <utility>

#include "metadata/adoption_store.h"
#include "metadata/change_numbers.h"

namespace berth {

/// Lifetime: `inner` and `changes` outlive it.
class ChangeCountingAdoptionStore final : public AdoptionStore {
 public:
  ChangeCountingAdoptionStore(AdoptionStore& inner, ChangeNumbers& changes) : inner_(inner), changes_(changes) {}

  Task<AdoptedContent> adopt(AdoptContent content) override;
  Task<std::size_t> remove_absent(AbsentContent content) override;

  // Reads, and writes that make nothing untrue that was read before.
  Task<std::optional<AdoptionRecord>> adoption(AdoptionKind kind) override { return inner_.adoption(kind); }
  Task<> begin_adoption(AdoptionKind kind, WallTime now) override { return inner_.begin_adoption(kind, now); }
  Task<std::size_t> adopt_unlinked(std::vector<AdoptedBlob> blobs, WallTime now, WallTime review_due) override {
    return inner_.adopt_unlinked(std::move(blobs), now, review_due);
  }
  Task<std::vector<Digest>> without_manifest(RepositoryName repository, AdoptionKind kind,
                                             std::vector<Digest> digests) override {
    return inner_.without_manifest(std::move(repository), kind, std::move(digests));
  }
  Task<> finish_repository(AdoptionKind kind, std::string name, AdoptionCounts counts) override {
    return inner_.finish_repository(kind, std::move(name), counts);
  }
  Task<bool> is_finished(std::string name) override { return inner_.is_finished(std::move(name)); }
  Task<> finish_adoption(AdoptionKind kind, AdoptionCounts rest, WallTime now) override {
    return inner_.finish_adoption(kind, rest, now);
  }
  Task<> note_problems(std::vector<AdoptionProblem> problems) override {
    return inner_.note_problems(std::move(problems));
  }
  Task<std::vector<AdoptionProblem>> problems(std::int64_t after, std::size_t limit) override {
    return inner_.problems(after, limit);
  }
  Task<std::uint64_t> accept_losses() override { return inner_.accept_losses(); }

 private:
  AdoptionStore& inner_;
  ChangeNumbers& changes_;
};

}  // namespace berth
