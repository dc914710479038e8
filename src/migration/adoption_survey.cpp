#include "migration/adoption_survey.h"

namespace berth {

Task<AdoptedContent> AdoptionSurvey::adopt(AdoptContent content) {
  AdoptedContent done{
      .counts = {.tags = content.tags.size(), .manifests = content.manifests.size(), .layers = content.layers.size()}};
  for (const AdoptedManifest& manifest : content.manifests) manifests_.insert(manifest.digest);
  for (std::size_t i = 0; i < content.tags.size(); ++i) {
    if (manifests_.contains(content.tags[i].digest)) continue;
    done.dangling.push_back(i);
    --done.counts.tags;
  }
  co_return done;
}

Task<> AdoptionSurvey::finish_repository(AdoptionKind /*kind*/, std::string /*name*/, AdoptionCounts counts) {
  counts_ += counts;
  manifests_.clear();
  co_return;
}

Task<> AdoptionSurvey::note_problems(std::vector<AdoptionProblem> problems) {
  for (const AdoptionProblem& problem : problems) {
    ++problem_count_;
    if (holds_removal(problem.kind)) ++holding_count_;
    on_problem_(problem);
  }
  co_return;
}

}  // namespace berth
