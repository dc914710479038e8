// The MemoryMetadataStore as a check of the stored bytes sees it.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "metadata/memory/memory_metadata_store.h"

namespace berth {

Task<std::vector<BlobRecord>> MemoryMetadataStore::list_blobs(std::optional<Digest> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<BlobRecord> records;
  auto next = after ? blobs_.upper_bound(*after) : blobs_.begin();
  for (; next != blobs_.end() && records.size() < limit; ++next) {
    records.push_back({next->first, next->second.size_bytes, next->second.state, next->second.verified});
  }
  co_return records;
}

Task<std::vector<BlobRecord>> MemoryMetadataStore::least_recently_verified(WallTime before,
                                                                           std::optional<BlobRecord> after,
                                                                           std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<BlobRecord> records;
  for (const auto& [digest, blob] : blobs_) {
    if (blob.state != BlobState::present || blob.verified >= before) continue;
    if (after && std::tie(blob.verified, digest) <= std::tie(after->verified, after->digest)) continue;
    records.push_back({digest, blob.size_bytes, blob.state, blob.verified});
  }
  std::ranges::sort(records, {}, [](const BlobRecord& each) { return std::tie(each.verified, each.digest); });
  if (records.size() > limit) records.erase(records.begin() + static_cast<std::ptrdiff_t>(limit), records.end());
  co_return records;
}

Task<std::optional<BlobRecord>> MemoryMetadataStore::find_blob_record(Digest digest) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(digest);
  if (found == blobs_.end()) co_return std::nullopt;
  co_return BlobRecord{digest, found->second.size_bytes, found->second.state, found->second.verified};
}

Task<std::vector<Digest>> MemoryMetadataStore::without_record(std::vector<Digest> digests) {
  const std::lock_guard lock(mutex_);
  std::erase_if(digests, [this](const Digest& digest) { return blobs_.contains(digest); });
  co_return digests;
}

Task<> MemoryMetadataStore::record_verified(std::vector<Digest> digests, WallTime now) {
  const std::lock_guard lock(mutex_);
  for (const Digest& digest : digests) {
    const auto found = blobs_.find(digest);
    if (found != blobs_.end() && found->second.state == BlobState::present) found->second.verified = now;
  }
  co_return;
}

Task<bool> MemoryMetadataStore::mark_blob_found(Digest digest, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(digest);
  if (found == blobs_.end() || found->second.state != BlobState::missing) co_return false;
  found->second.state = BlobState::present;
  found->second.verified = now;
  co_return true;
}

Task<AffectedImages> MemoryMetadataStore::images_of(Digest digest, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  AffectedImages images;
  std::set<std::pair<RepositoryName, Digest>> known;
  const auto add = [&](const RepositoryName& name, const Repository& repository, const Digest& manifest) {
    if (known.contains({name, manifest})) return;
    if (images.entries.size() == limit) {
      images.are_all = false;
      return;
    }
    known.emplace(name, manifest);
    std::vector<Tag> tags = tags_of_manifest(repository, manifest);
    if (tags.size() > limit) tags.erase(tags.begin() + static_cast<std::ptrdiff_t>(limit), tags.end());
    images.entries.push_back({name, manifest, std::move(tags)});
  };
  const auto add_naming = [&](const RepositoryName& name, const Repository& repository, const Digest& child,
                              bool wants_indexes) {
    for (const auto& [by, manifest] : repository.manifests) {
      const auto names_it = [&](const ManifestReference& reference) {
        return reference.digest == child && (reference.kind == ReferenceKind::manifest) == wants_indexes;
      };
      if (std::ranges::any_of(manifest.references, names_it)) add(name, repository, by);
    }
  };
  for (const auto& [name, repository] : repositories_) {
    if (repository.manifests.contains(digest)) add(name, repository, digest);
  }
  for (const auto& [name, repository] : repositories_) add_naming(name, repository, digest, false);
  const std::vector<AffectedImage> direct = images.entries;
  for (const AffectedImage& image : direct) {
    if (image.tags.empty()) add_naming(image.repository, repositories_.at(image.repository), image.manifest, true);
  }
  co_return images;
}

Task<std::optional<SharedBytes>> MemoryMetadataStore::manifest_bytes(Digest digest) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, repository] : repositories_) {
    const auto found = repository.manifests.find(digest);
    if (found != repository.manifests.end()) co_return found->second.record.bytes;
  }
  co_return std::nullopt;
}

Task<bool> MemoryMetadataStore::must_compare() {
  const std::lock_guard lock(mutex_);
  co_return must_compare_;
}

Task<> MemoryMetadataStore::set_must_compare(bool is_on) {
  const std::lock_guard lock(mutex_);
  must_compare_ = is_on;
  co_return;
}

Task<std::vector<WallTime>> MemoryMetadataStore::note_orphans(std::vector<Digest> digests, WallTime now) {
  const std::lock_guard lock(mutex_);
  std::vector<WallTime> found;
  for (const Digest& digest : digests) {
    Orphan& orphan = orphans_.try_emplace(digest, Orphan{.found = now, .seen = now}).first->second;
    orphan.seen = std::max(orphan.seen, now);
    found.push_back(orphan.found);
  }
  co_return found;
}

Task<std::size_t> MemoryMetadataStore::forget_orphans(WallTime before, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  co_return std::erase_if(orphans_, [&](const auto& orphan) { return orphan.second.seen < before && count++ < limit; });
}

}  // namespace berth
