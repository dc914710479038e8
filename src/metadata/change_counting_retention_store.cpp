#include "metadata/change_counting_retention_store.h"

#include "base/at_end.h"

namespace berth {

Task<DeletedContents> ChangeCountingRetentionStore::delete_unchanged(DeleteUnchanged request) {
  const RepositoryName repository = request.repository;
  const std::vector<UnchangedContent> contents = request.contents;
  // As long as the outcome is not known, all of it may be gone.
  DeletedContents done{.outcomes = std::vector(contents.size(), DeletionOutcome::deleted), .unlisted_repository = true};
  const AtEnd count([&] {
    bool is_anything_gone = false;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      if (done.outcomes.at(i) != DeletionOutcome::deleted) continue;
      is_anything_gone = true;
      if (contents[i].tag) {
        changes_.tag_changed(repository, *contents[i].tag);
      } else {
        changes_.manifest_changed(repository, contents[i].digest);
      }
    }
    if (is_anything_gone) changes_.tag_list_changed(repository);
    if (done.unlisted_repository) changes_.catalog_changed();
  });
  DeletedContents deleted = co_await inner_.delete_unchanged(std::move(request));
  done = deleted;
  co_return deleted;
}

}  // namespace berth
