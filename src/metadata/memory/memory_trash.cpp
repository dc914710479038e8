// Deleted manifests of the MemoryMetadataStore.
#include <algorithm>
#include <set>
#include <utility>

#include "metadata/memory/memory_charges.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/memory/memory_transaction.h"

namespace berth {

std::map<std::int64_t, MemoryMetadataStore::Trashed>::iterator MemoryMetadataStore::find_trashed(
    const RepositoryName& repository, const Digest& digest) {
  return std::ranges::find_if(trash_, [&](const auto& entry) {
    return entry.second.repository == repository && entry.second.digest() == digest;
  });
}

Task<Page<TrashedManifest>> MemoryMetadataStore::list_trash(std::optional<RepositoryName> repository,
                                                            std::int64_t after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Page<TrashedManifest> page;
  for (auto next = trash_.upper_bound(after); next != trash_.end(); ++next) {
    const auto& [number, trashed] = *next;
    if (repository && trashed.repository != *repository) continue;
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    const ManifestRecord& record = trashed.manifest.record;
    page.entries.push_back({.number = number,
                            .repository = trashed.repository,
                            .digest = record.digest,
                            .media_type = record.media_type,
                            .artifact_type = record.artifact_type,
                            .size_bytes = record.bytes.size(),
                            .trashed = trashed.trashed,
                            .who = trashed.who,
                            .tags = trashed.tags});
  }
  co_return page;
}

/// First all that has to come back is found, then it is written: a refusal has changed nothing.
class MemoryMetadataStore::Restoration {
 public:
  Restoration(MemoryMetadataStore& store, const RestoreManifest& request)
      : store_(store),
        request_(request),
        home_(store.repositories_[request.repository]),
        charges_(store, request.repository) {}

  RestoreOutcome run(std::int64_t number) {
    gather(number);
    if (!missing_.empty()) return RestoreRefused{{missing_.begin(), missing_.end()}};
    if (!charges_.is_empty()) charge();
    if (auto exceeded = charges_.check(request_.quota)) return *exceeded;
    charges_.write();
    for (auto next = order_.rbegin(); next != order_.rend(); ++next) write(*next);
    return restored_;
  }

 private:
  void gather(std::int64_t number) {
    if (!seen_.insert(number).second) return;
    order_.push_back(number);
    const Trashed& trashed = store_.trash_.at(number);
    for (const ManifestReference& reference : trashed.manifest.references) {
      if (reference.kind != ReferenceKind::manifest) {
        if (!store_.find_present_blob(reference.digest)) missing_.insert(reference.digest);
        continue;
      }
      if (home_.manifests.contains(reference.digest)) continue;
      const auto child = store_.find_trashed(request_.repository, reference.digest);
      if (child == store_.trash_.end()) {
        missing_.insert(reference.digest);
      } else {
        gather(child->first);
      }
    }
    for (const auto& [other, about] : store_.trash_) {
      if (about.repository == request_.repository && about.manifest.subject == trashed.digest()) gather(other);
    }
  }

  void charge() {
    std::set<std::string> made;
    for (const std::int64_t number : order_) {
      const Trashed& trashed = store_.trash_.at(number);
      charges_.restore_manifest(trashed.manifest.references, trashed.manifest.record.bytes.size());
      for (const Tag& tag : trashed.tags) {
        if (!home_.tags.contains(tag.text())) made.insert(tag.text());
      }
    }
    charges_.sheet().change_tags(static_cast<std::int64_t>(made.size()));
  }

  void write(std::int64_t number) {
    Trashed trashed = std::move(store_.trash_.at(number));
    store_.trash_.erase(number);
    const Digest digest = trashed.digest();
    for (const ManifestReference& reference : trashed.manifest.references) {
      if (reference.kind == ReferenceKind::manifest) continue;
      WallTime& promise = home_.links[reference.digest];
      promise = std::max(promise, request_.promised_until);
      store_.review(ReviewKind::link, request_.repository, reference.digest, request_.review_due);
    }
    home_.is_deleted = false;
    if (home_.manifests.empty()) restored_.listed_repository = true;
    trashed.manifest.record.promised_until = request_.promised_until;
    home_.manifests.insert_or_assign(digest, std::move(trashed.manifest));
    if (!store_.find_present_blob(digest)) {
      store_.copies_.emplace(store_.next_copy_++, std::pair(request_.repository, digest));
    }
    store_.review(ReviewKind::manifest, request_.repository, digest, request_.review_due);
    for (Tag& tag : trashed.tags) {
      if (home_.tags.contains(tag.text())) {
        restored_.taken.push_back(std::move(tag));
        continue;
      }
      home_.tags.emplace(tag.text(), digest);
      home_.history[tag.text()].push_back(TagChange{request_.now, request_.who, std::nullopt, digest});
      restored_.tags.push_back(std::move(tag));
    }
    restored_.manifests.push_back(digest);
  }

  MemoryMetadataStore& store_;
  const RestoreManifest& request_;
  Repository& home_;
  Charges charges_;
  std::set<std::int64_t> seen_;
  std::vector<std::int64_t> order_;
  std::set<Digest> missing_;
  Restored restored_;
};

Task<RestoreOutcome> MemoryMetadataStore::restore(RestoreManifest request) {
  const std::lock_guard lock(mutex_);
  const auto trashed = find_trashed(request.repository, request.digest);
  if (trashed == trash_.end()) co_return NotInTrash{};
  co_return Restoration(*this, request).run(trashed->first);
}

Task<std::size_t> MemoryMetadataStore::expire_trash(WallTime before, WallTime now, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (auto next = trash_.begin(); next != trash_.end() && count < limit;) {
    if (next->second.trashed >= before) {
      ++next;
      continue;
    }
    for (const ManifestReference& reference : next->second.manifest.references) {
      review(ReviewKind::blob, std::nullopt, reference.digest, now);
    }
    review(ReviewKind::blob, std::nullopt, next->second.digest(), now);
    next = trash_.erase(next);
    ++count;
  }
  co_return count;
}

Task<TrashSummary> MemoryMetadataStore::summarize_trash() {
  const std::lock_guard lock(mutex_);
  TrashSummary summary;
  std::set<Digest> needed;
  for (const auto& [number, trashed] : trash_) {
    ++summary.manifests;
    if (!summary.oldest || trashed.trashed < *summary.oldest) summary.oldest = trashed.trashed;
    needed.insert(trashed.digest());
    for (const ManifestReference& reference : trashed.manifest.references) needed.insert(reference.digest);
  }
  GoneContent without_trash;
  without_trash.is_trash_empty = true;
  Transaction facts(*this, without_trash);
  for (const Digest& digest : needed) {
    const Blob* blob = find_present_blob(digest);
    if (!blob || keeper_of_blob(facts, digest)) continue;
    ++summary.blobs;
    summary.blob_bytes += blob->size_bytes;
  }
  co_return summary;
}

}  // namespace berth
