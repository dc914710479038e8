#include "metadata/change_counting_collection_store.h"

#include "base/at_end.h"

namespace berth {

Task<std::vector<ReviewOutcome>> ChangeCountingCollectionStore::settle(std::vector<Candidate> candidates,
                                                                       CollectionRules rules) {
  bool is_known = false;
  const AtEnd count_all([&] {
    if (!is_known) changes_.everything_changed();
  });
  std::vector<ReviewOutcome> outcomes = co_await inner_.settle(std::move(candidates), rules);
  is_known = true;
  for (const ReviewOutcome& outcome : outcomes) count(outcome);
  co_return outcomes;
}

void ChangeCountingCollectionStore::count(const ReviewOutcome& outcome) {
  if (outcome.verdict != Verdict::removed) return;
  const Candidate& what = outcome.candidate;
  switch (what.kind) {
    case ReviewKind::manifest:
      changes_.manifest_changed(*what.repository, what.digest);
      for (const Tag& tag : outcome.tags) changes_.tag_changed(*what.repository, tag);
      if (!outcome.tags.empty()) changes_.tag_list_changed(*what.repository);
      if (outcome.unlisted_repository) changes_.catalog_changed();
      break;
    case ReviewKind::link:
      changes_.link_changed(*what.repository, what.digest);
      break;
    case ReviewKind::blob:
      changes_.blob_changed(what.digest);
      break;
  }
}

}  // namespace berth
