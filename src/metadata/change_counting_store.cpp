#include "metadata/change_counting_store.h"

#include <utility>

#include "base/at_end.h"

namespace berth {

Task<std::optional<QuotaExceeded>> ChangeCountingStore::commit_blob(CommitBlob commit) {
  // Fresh bytes lie where others may have lain.
  const AtEnd count([this, digest = commit.digest] { changes_.blob_changed(digest); });
  co_return co_await inner_.commit_blob(std::move(commit));
}

Task<DeleteBlobOutcome> ChangeCountingStore::delete_blob(RepositoryName repository, Digest digest, WallTime now,
                                                         WallTime review_due) {
  const AtEnd count([this, &repository, &digest] { changes_.link_changed(repository, digest); });
  co_return co_await inner_.delete_blob(repository, digest, now, review_due);
}

Task<> ChangeCountingStore::mark_blob_missing(Digest digest) {
  const AtEnd count([this, &digest] { changes_.blob_changed(digest); });
  co_await inner_.mark_blob_missing(digest);
}

Task<PutManifestOutcome> ChangeCountingStore::put_manifest(PutManifest put) {
  const RepositoryName repository = put.repository;
  const Digest digest = put.digest;
  const std::vector<Tag> tags = put.tags;
  // As long as the outcome is not known, all of it may have changed.
  ManifestPut done{.was_new = true, .made_tag = true, .listed_repository = true};
  const AtEnd count([&] {
    for (const Tag& tag : tags) changes_.tag_changed(repository, tag);
    if (done.was_new) changes_.manifest_changed(repository, digest);
    if (done.made_tag) changes_.tag_list_changed(repository);
    if (done.listed_repository) changes_.catalog_changed();
  });
  PutManifestOutcome outcome = co_await inner_.put_manifest(std::move(put));
  const ManifestPut* was_put = std::get_if<ManifestPut>(&outcome);
  done = was_put != nullptr ? *was_put : ManifestPut{};
  co_return outcome;
}

Task<DeleteTagOutcome> ChangeCountingStore::delete_tag(DeleteTag request) {
  const RepositoryName repository = request.repository;
  const Tag tag = request.tag;
  const AtEnd count([&] {
    changes_.tag_changed(repository, tag);
    changes_.tag_list_changed(repository);
  });
  co_return co_await inner_.delete_tag(std::move(request));
}

Task<DeleteManifestOutcome> ChangeCountingStore::delete_manifest(DeleteManifest request) {
  const RepositoryName repository = request.repository;
  const Digest digest = request.digest;
  ManifestDeleted done{.tags = {}, .unlisted_repository = true};
  bool is_known = false;
  const AtEnd count([&] {
    changes_.manifest_changed(repository, digest);
    changes_.tag_list_changed(repository);
    for (const Tag& tag : done.tags) changes_.tag_changed(repository, tag);
    if (done.unlisted_repository) changes_.catalog_changed();
    // Which tags named it is not known, if the commit's end is not.
    if (!is_known) changes_.everything_changed();
  });
  DeleteManifestOutcome outcome = co_await inner_.delete_manifest(std::move(request));
  is_known = true;
  const ManifestDeleted* deleted = std::get_if<ManifestDeleted>(&outcome);
  done = deleted != nullptr ? *deleted : ManifestDeleted{};
  co_return outcome;
}

}  // namespace berth
