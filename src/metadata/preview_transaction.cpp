#include "metadata/preview_transaction.h"

#include <utility>

namespace berth {

void PreviewTransaction::schedule(const Candidate& candidate, WallTime /*due*/) {
  // A blob is scheduled by what was removed; what waits for its time (manifests, links) is not looked at again.
  if (candidate.kind == ReviewKind::blob) state_.follow_ups.push_back(candidate);
}

RemovedManifest PreviewTransaction::remove_manifest(const RepositoryName& repository, const Digest& digest,
                                                    const CollectionRules& rules) {
  std::vector<Candidate> kept = facts_.kept_by_manifest(repository, digest);
  if (rules.uses_trash) {
    for (const Candidate& needed : kept) state_.gone.needed_by_trash.insert(needed.digest);
  }
  state_.gone.manifests.emplace(repository, digest);
  state_.follow_ups.insert(state_.follow_ups.end(), std::make_move_iterator(kept.begin()),
                           std::make_move_iterator(kept.end()));
  return {};
}

void PreviewTransaction::remove_link(const RepositoryName& repository, const Digest& digest) {
  state_.gone.links.emplace(repository, digest);
}

}  // namespace berth
