#include "metadata/change_counting_adoption_store.h"

#include "base/at_end.h"

namespace berth {

Task<AdoptedContent> ChangeCountingAdoptionStore::adopt(AdoptContent content) {
  const RepositoryName repository = content.repository;
  std::vector<Tag> tags;
  for (const AdoptedTag& tag : content.tags) tags.push_back(tag.tag);
  std::vector<Digest> manifests;
  for (const AdoptedManifest& manifest : content.manifests) manifests.push_back(manifest.digest);
  std::vector<Digest> blobs = content.layers;
  for (const AdoptedBlob& blob : content.blobs) blobs.push_back(blob.digest);
  const AtEnd count([&] {
    for (const Tag& tag : tags) changes_.tag_changed(repository, tag);
    for (const Digest& digest : manifests) changes_.manifest_changed(repository, digest);
    for (const Digest& digest : blobs) {
      changes_.link_changed(repository, digest);
      changes_.blob_changed(digest);
    }
    if (!tags.empty()) changes_.tag_list_changed(repository);
    if (!manifests.empty()) changes_.catalog_changed();
  });
  co_return co_await inner_.adopt(std::move(content));
}

// So rare, and of so much, that it is not worth counting one by one.
Task<std::size_t> ChangeCountingAdoptionStore::remove_absent(AbsentContent content) {
  const AtEnd count([this] { changes_.everything_changed(); });
  co_return co_await inner_.remove_absent(std::move(content));
}

}  // namespace berth
