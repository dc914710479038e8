// Manifests, tags and referrers of the MemoryMetadataStore.
#include <algorithm>
#include <set>
#include <utility>

#include "content/cosign_tag.h"
#include "metadata/memory/memory_charges.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/tag_precondition.h"

namespace berth {

Task<std::optional<ManifestRecord>> MemoryMetadataStore::find_manifest(RepositoryName repository, Digest digest) {
  const std::lock_guard lock(mutex_);
  const Repository* home = find_repository(repository);
  if (!home) co_return std::nullopt;
  const auto found = home->manifests.find(digest);
  if (found == home->manifests.end()) co_return std::nullopt;
  co_return found->second.record;
}

Task<std::optional<ManifestRecord>> MemoryMetadataStore::find_tagged_manifest(RepositoryName repository, Tag tag) {
  const std::lock_guard lock(mutex_);
  const Repository* home = find_repository(repository);
  if (!home) co_return std::nullopt;
  const auto found = home->tags.find(tag.text());
  if (found == home->tags.end()) co_return std::nullopt;
  co_return home->manifests.at(found->second).record;
}

Task<Page<Tag>> MemoryMetadataStore::list_tags(RepositoryName repository, std::optional<std::string> after,
                                               std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Page<Tag> page;
  const Repository* home = find_repository(repository);
  if (!home) co_return page;
  auto next = after ? home->tags.upper_bound(*after) : home->tags.begin();
  for (; next != home->tags.end() && page.entries.size() < limit; ++next) {
    page.entries.push_back(Tag::parse(next->first).value());
  }
  page.has_more = next != home->tags.end();
  co_return page;
}

Task<Page<ReferrerRecord>> MemoryMetadataStore::list_referrers(RepositoryName repository, Digest subject,
                                                               std::optional<std::string> artifact_type,
                                                               std::optional<Digest> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Page<ReferrerRecord> page;
  const Repository* home = find_repository(repository);
  if (!home) co_return page;
  auto next = after ? home->manifests.upper_bound(*after) : home->manifests.begin();
  for (; next != home->manifests.end(); ++next) {
    const auto& [digest, manifest] = *next;
    if (manifest.subject != subject) continue;
    if (artifact_type && manifest.record.artifact_type != *artifact_type) continue;
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    page.entries.push_back(ReferrerRecord{digest, manifest.record.media_type, manifest.record.artifact_type,
                                          manifest.record.bytes.size(), manifest.annotations});
  }
  co_return page;
}

Task<std::vector<TagChange>> MemoryMetadataStore::tag_history(RepositoryName repository, Tag tag, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<TagChange> changes;
  const Repository* home = find_repository(repository);
  if (!home) co_return changes;
  const auto found = home->history.find(tag.text());
  if (found == home->history.end()) co_return changes;
  for (auto change = found->second.rbegin(); change != found->second.rend() && changes.size() < limit; ++change) {
    changes.push_back(*change);
  }
  co_return changes;
}

std::optional<std::uint64_t> MemoryMetadataStore::size_of_reference(const Repository* repository,
                                                                    const ManifestReference& reference) const {
  if (!repository) return std::nullopt;
  if (reference.kind == ReferenceKind::manifest) {
    const auto found = repository->manifests.find(reference.digest);
    if (found == repository->manifests.end()) return std::nullopt;
    return found->second.record.bytes.size();
  }
  const Blob* blob = find_present_blob(reference.digest);
  if (!blob || !repository->links.contains(reference.digest)) return std::nullopt;
  return blob->size_bytes;
}

std::int64_t MemoryMetadataStore::new_tag_count(const Repository* repository, const std::vector<Tag>& tags) {
  std::set<std::string> made;
  for (const Tag& tag : tags) {
    if (!repository || !repository->tags.contains(tag.text())) made.insert(tag.text());
  }
  return static_cast<std::int64_t>(made.size());
}

Task<PutManifestOutcome> MemoryMetadataStore::put_manifest(PutManifest put) {
  const std::lock_guard lock(mutex_);
  expect_own_name(put.repository, put.now);
  const Repository* known = find_repository(put.repository);
  for (const Tag& tag : put.tags) {
    std::optional<Digest> current;
    if (known && known->tags.contains(tag.text())) current = known->tags.at(tag.text());
    if (!holds(put.limits.tags, current)) co_return PreconditionRefused{tag, current};
    if (has_to_stay(put.limits.protects, tag, current, put.digest)) co_return TagProtected{tag};
  }
  ReferencesRefused refused;
  for (std::size_t i = 0; i < put.references.size(); ++i) {
    if (!put.references[i].is_required) continue;
    const std::optional<std::uint64_t> actual = size_of_reference(known, put.references[i]);
    if (actual != put.references[i].size_bytes) refused.problems.push_back({i, actual});
  }
  if (!refused.problems.empty()) co_return refused;

  Charges charges(*this, put.repository);
  if (!charges.is_empty()) {
    const bool adds_manifest = !known || !known->manifests.contains(put.digest);
    if (adds_manifest) charges.add_manifest(put.references, put.bytes.size());
    charges.sheet().change_tags(new_tag_count(known, put.tags));
    if (auto exceeded = charges.check(put.limits.quota)) co_return *exceeded;
    charges.write();
  }
  Repository& home = find_or_create_repository(put.repository);
  const auto existing = home.manifests.find(put.digest);
  const bool is_new = existing == home.manifests.end();
  ManifestPut done{.was_new = is_new, .listed_repository = home.manifests.empty()};
  if (is_new) {
    // What is pushed again needs not be brought back.
    if (const auto trashed = find_trashed(put.repository, put.digest); trashed != trash_.end()) trash_.erase(trashed);
    ManifestRecord record{put.digest, put.media_type, put.artifact_type, put.bytes, put.now, put.promised_until};
    home.manifests.emplace(
        put.digest, Manifest{std::move(record), put.subject, std::move(put.annotations), std::move(put.references)});
    if (!find_present_blob(put.digest)) copies_.emplace(next_copy_++, std::pair(put.repository, put.digest));
  } else {
    WallTime& promise = existing->second.record.promised_until;
    promise = std::max(promise, put.promised_until);
  }
  review(ReviewKind::manifest, put.repository, put.digest, put.review_due);
  for (const Tag& tag : put.tags) {
    std::optional<Digest> from;
    if (const auto found = home.tags.find(tag.text()); found != home.tags.end()) from = found->second;
    if (from == put.digest) continue;
    home.tags.insert_or_assign(tag.text(), put.digest);
    home.history[tag.text()].push_back(TagChange{put.now, put.who, from, put.digest});
    if (from) review(ReviewKind::manifest, put.repository, *from, put.review_due);
    done.made_tag = done.made_tag || !from;
  }
  co_return done;
}

Task<bool> MemoryMetadataStore::renew_manifest_promise(RepositoryName repository, Digest digest,
                                                       WallTime promised_until) {
  const std::lock_guard lock(mutex_);
  Repository* home = find_repository(repository);
  if (!home) co_return false;
  const auto found = home->manifests.find(digest);
  if (found == home->manifests.end()) co_return false;
  WallTime& promise = found->second.record.promised_until;
  promise = std::max(promise, promised_until);
  co_return true;
}

Task<DeleteTagOutcome> MemoryMetadataStore::delete_tag(DeleteTag request) {
  const std::lock_guard lock(mutex_);
  co_return delete_tag_locked(request);
}

DeleteTagOutcome MemoryMetadataStore::delete_tag_locked(const DeleteTag& request) {
  Repository* home = find_repository(request.repository);
  if (!home) return TagUnknown{};
  const auto found = home->tags.find(request.tag.text());
  if (found == home->tags.end()) return TagUnknown{};
  const Digest was = found->second;
  if (!holds(request.limits.tags, was)) return PreconditionRefused{request.tag, was};
  if (has_to_stay(request.limits.protects, request.tag, was, std::nullopt)) return TagProtected{request.tag};
  Charges charges(*this, request.repository);
  charges.sheet().change_tags(-1);
  charges.check_and_write();
  home->tags.erase(found);
  home->history[request.tag.text()].push_back(TagChange{request.now, request.who, was, std::nullopt});
  review(ReviewKind::manifest, request.repository, was, request.review_due);
  return TagDeleted{was};
}

Task<DeleteManifestOutcome> MemoryMetadataStore::delete_manifest(DeleteManifest request) {
  const std::lock_guard lock(mutex_);
  co_return delete_manifest_locked(request);
}

DeleteManifestOutcome MemoryMetadataStore::delete_manifest_locked(const DeleteManifest& request) {
  Repository* home = find_repository(request.repository);
  if (!home) return ManifestUnknown{};
  const auto found = home->manifests.find(request.digest);
  if (found == home->manifests.end()) return ManifestUnknown{};

  ManifestDeleted deleted{.tags = tags_of_manifest(*home, request.digest)};
  for (const Tag& tag : deleted.tags) {
    if (has_to_stay(request.protects, tag, request.digest, std::nullopt)) return TagProtected{tag};
  }
  removals_.push_back({.at = request.now,
                       .kind = ReviewKind::manifest,
                       .repository = request.repository,
                       .digest = request.digest,
                       .size_bytes = found->second.record.bytes.size(),
                       .why = deleted_by(request.who)});
  remove_manifest(request, deleted.tags);
  deleted.unlisted_repository = home->manifests.empty();
  return deleted;
}

std::vector<Tag> MemoryMetadataStore::tags_of_manifest(const Repository& repository, const Digest& digest) const {
  std::vector<Tag> tags;
  for (const auto& [name, of] : repository.tags) {
    if (of == digest) tags.push_back(Tag::parse(name).value());
  }
  return tags;
}

void MemoryMetadataStore::remove_manifest(const DeleteManifest& request, const std::vector<Tag>& tags) {
  Repository& home = repositories_.at(request.repository);
  const auto found = home.manifests.find(request.digest);
  if (Charges charges(*this, request.repository); !charges.is_empty()) {
    charges.remove_manifest(found->second);
    charges.sheet().change_tags(-static_cast<std::int64_t>(tags.size()));
    charges.check_and_write();
  }
  for (const Tag& tag : tags) {
    home.tags.erase(tag.text());
    home.history[tag.text()].push_back(TagChange{request.now, request.who, request.digest, std::nullopt});
  }
  for (const ManifestReference& reference : found->second.references) {
    const bool is_manifest = reference.kind == ReferenceKind::manifest;
    review(is_manifest ? ReviewKind::manifest : ReviewKind::link, request.repository, reference.digest,
           request.review_due);
  }
  if (request.to_trash) {
    trash_.emplace(next_trashed_++, Trashed{.repository = request.repository,
                                            .manifest = std::move(found->second),
                                            .trashed = request.now,
                                            .who = request.who,
                                            .tags = tags});
  }
  home.manifests.erase(found);
  for (const auto& [digest, manifest] : home.manifests) {
    if (manifest.subject == request.digest) {
      review(ReviewKind::manifest, request.repository, digest, request.review_due);
    }
  }
  for (const std::string_view suffix : kCosignSuffixes) {
    const std::optional<Tag> tag = cosign_tag(request.digest, suffix);
    if (!tag) continue;
    if (const auto signature = home.tags.find(tag->text()); signature != home.tags.end()) {
      review(ReviewKind::manifest, request.repository, signature->second, request.review_due);
    }
  }
  std::erase_if(copies_,
                [&request](const auto& copy) { return copy.second == std::pair(request.repository, request.digest); });
  // Its copy lies among the blobs, or is on its way there.
  review(ReviewKind::blob, std::nullopt, request.digest, request.review_due);
}

Task<std::vector<ManifestCopy>> MemoryMetadataStore::pending_manifest_copies(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<ManifestCopy> copies;
  for (const auto& [id, place] : copies_) {
    if (copies.size() == limit) break;
    copies.push_back(
        ManifestCopy{id, place.second, repositories_.at(place.first).manifests.at(place.second).record.bytes});
  }
  co_return copies;
}

bool MemoryMetadataStore::is_manifest_anywhere(const Digest& digest) const {
  return std::ranges::any_of(repositories_,
                             [&digest](const auto& entry) { return entry.second.manifests.contains(digest); });
}

Task<> MemoryMetadataStore::finish_manifest_copy(std::int64_t queue_id, Digest digest, std::uint64_t size_bytes,
                                                 WallTime now) {
  const std::lock_guard lock(mutex_);
  blobs_[digest] = Blob{size_bytes, BlobState::present, now};
  copies_.erase(queue_id);
  // Deleted while it was copied: nothing else will look at this blob again.
  if (!is_manifest_anywhere(digest)) review(ReviewKind::blob, std::nullopt, digest, now);
  co_return;
}

}  // namespace berth
