// AdoptionSurvey: an adoption that only looks. It keeps nothing but counts, so that the same reading tells what there
// is.
#pragma once

#include <functional>
#include <set>
#include <utility>

#include "metadata/adoption_store.h"

namespace berth {

/// Threading: the adopter's loop.
class AdoptionSurvey final : public AdoptionStore {
 public:
  explicit AdoptionSurvey(std::function<void(const AdoptionProblem&)> on_problem)
      : on_problem_(std::move(on_problem)) {}

  const AdoptionCounts& counts() const { return counts_; }
  std::uint64_t problem_count() const { return problem_count_; }
  std::uint64_t holding_count() const { return holding_count_; }

  Task<std::optional<AdoptionRecord>> adoption(AdoptionKind) override { co_return std::nullopt; }
  Task<> begin_adoption(AdoptionKind, WallTime) override { co_return; }
  Task<AdoptedContent> adopt(AdoptContent content) override;
  Task<std::size_t> adopt_unlinked(std::vector<AdoptedBlob>, WallTime, WallTime) override { co_return 0; }
  Task<std::size_t> remove_absent(AbsentContent) override { co_return 0; }
  Task<std::vector<Digest>> without_manifest(RepositoryName, AdoptionKind, std::vector<Digest> digests) override {
    co_return digests;
  }
  Task<> finish_repository(AdoptionKind kind, std::string name, AdoptionCounts counts) override;
  Task<bool> is_finished(std::string) override { co_return false; }
  Task<> finish_adoption(AdoptionKind, AdoptionCounts, WallTime) override { co_return; }
  Task<> note_problems(std::vector<AdoptionProblem> problems) override;
  Task<std::vector<AdoptionProblem>> problems(std::int64_t, std::size_t) override {
    co_return std::vector<AdoptionProblem>();
  }
  Task<std::uint64_t> accept_losses() override { co_return 0; }

 private:
  const std::function<void(const AdoptionProblem&)> on_problem_;
  AdoptionCounts counts_;
  std::uint64_t problem_count_ = 0;
  std::uint64_t holding_count_ = 0;
  std::set<Digest> manifests_;  ///< of the repository that is read
};

}  // namespace berth
