#include "metadata/memory/memory_metadata_store.h"

#include <algorithm>
#include <utility>

#include "metadata/memory/memory_charges.h"

namespace berth {

MemoryMetadataStore::Repository* MemoryMetadataStore::find_repository(const RepositoryName& name) {
  const auto found = repositories_.find(name);
  return found == repositories_.end() ? nullptr : &found->second;
}

MemoryMetadataStore::Repository& MemoryMetadataStore::find_or_create_repository(const RepositoryName& name) {
  Repository& repository = repositories_[name];
  repository.is_deleted = false;
  return repository;
}

std::optional<RepositoryName> MemoryMetadataStore::stands_for(const RepositoryName& name, WallTime now) const {
  const auto alias = aliases_.find(name);
  if (alias == aliases_.end() || alias->second.second <= now) return std::nullopt;
  return alias->second.first;
}

void MemoryMetadataStore::expect_own_name(const RepositoryName& name, WallTime now) const {
  if (std::optional<RepositoryName> to = stands_for(name, now)) throw RepositoryRenamed(*std::move(to));
}

Task<std::optional<RepositoryName>> MemoryMetadataStore::renamed_to(RepositoryName name, WallTime now) {
  const std::lock_guard lock(mutex_);
  co_return stands_for(name, now);
}

const MemoryMetadataStore::Blob* MemoryMetadataStore::find_present_blob(const Digest& digest) const {
  const auto found = blobs_.find(digest);
  return found == blobs_.end() || found->second.state != BlobState::present ? nullptr : &found->second;
}

void MemoryMetadataStore::review(ReviewKind kind, std::optional<RepositoryName> repository, const Digest& digest,
                                 WallTime due) {
  WallTime& row = reviews_.try_emplace(ReviewKey(kind, std::move(repository), digest), due).first->second;
  row = std::max(row, due);
}

Task<std::optional<std::string>> MemoryMetadataStore::registry_id() {
  const std::lock_guard lock(mutex_);
  co_return registry_id_;
}

Task<> MemoryMetadataStore::set_registry_id(std::string id) {
  const std::lock_guard lock(mutex_);
  registry_id_ = std::move(id);
  co_return;
}

Task<bool> MemoryMetadataStore::is_read_only() {
  const std::lock_guard lock(mutex_);
  co_return is_read_only_;
}

Task<> MemoryMetadataStore::set_read_only(bool is_on) {
  const std::lock_guard lock(mutex_);
  is_read_only_ = is_on;
  co_return;
}

Task<std::optional<BlobLink>> MemoryMetadataStore::find_blob(RepositoryName repository, Digest digest) {
  const std::lock_guard lock(mutex_);
  const Repository* home = find_repository(repository);
  const Blob* blob = find_present_blob(digest);
  if (!home || !blob) co_return std::nullopt;
  const auto link = home->links.find(digest);
  if (link == home->links.end()) co_return std::nullopt;
  co_return BlobLink{digest, blob->size_bytes, link->second};
}

Task<bool> MemoryMetadataStore::repository_exists(RepositoryName repository) {
  const std::lock_guard lock(mutex_);
  co_return is_known(repository);
}

Task<Page<RepositoryName>> MemoryMetadataStore::list_repositories(std::optional<std::string> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Page<RepositoryName> page;
  for (const auto& [name, repository] : repositories_) {
    if (repository.manifests.empty() || (after && name.text() <= *after)) continue;
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    page.entries.push_back(name);
  }
  co_return page;
}

Task<std::optional<QuotaExceeded>> MemoryMetadataStore::commit_blob(CommitBlob commit) {
  const std::lock_guard lock(mutex_);
  expect_own_name(commit.repository, commit.now);
  Charges charges(*this, commit.repository);
  charges.link(commit.digest, commit.size_bytes);
  const std::optional<QuotaExceeded> exceeded = charges.check(commit.quota);
  blobs_[commit.digest] = Blob{commit.size_bytes, BlobState::present, commit.now};
  if (commit.upload) uploads_.erase(*commit.upload);
  if (exceeded) {
    review(ReviewKind::blob, std::nullopt, commit.digest, commit.now);
    co_return exceeded;
  }
  WallTime& promise = find_or_create_repository(commit.repository).links[commit.digest];
  promise = std::max(promise, commit.promised_until);
  review(ReviewKind::link, commit.repository, commit.digest, commit.review_due);
  charges.write();
  co_return std::nullopt;
}

Task<MountOutcome> MemoryMetadataStore::mount_blob(MountBlob mount) {
  const std::lock_guard lock(mutex_);
  expect_own_name(mount.to, mount.now);
  const Blob* blob = find_present_blob(mount.digest);
  const auto links_it = [&mount](const auto& entry) {
    return (!mount.from || entry.first == *mount.from) && entry.second.links.contains(mount.digest);
  };
  if (!blob || std::ranges::none_of(repositories_, links_it)) co_return MountOutcome{};
  Charges charges(*this, mount.to);
  charges.link(mount.digest, blob->size_bytes);
  if (auto exceeded = charges.check(mount.quota)) co_return MountOutcome{.link = {}, .exceeded = exceeded};
  charges.write();
  WallTime& promise = find_or_create_repository(mount.to).links[mount.digest];
  promise = std::max(promise, mount.promised_until);
  review(ReviewKind::link, mount.to, mount.digest, mount.review_due);
  co_return MountOutcome{.link = BlobLink{mount.digest, blob->size_bytes, promise}};
}

Task<bool> MemoryMetadataStore::renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) {
  const std::lock_guard lock(mutex_);
  Repository* home = find_repository(repository);
  if (!home || !find_present_blob(digest)) co_return false;
  const auto link = home->links.find(digest);
  if (link == home->links.end()) co_return false;
  link->second = std::max(link->second, promised_until);
  co_return true;
}

Task<DeleteBlobOutcome> MemoryMetadataStore::delete_blob(RepositoryName repository, Digest digest, WallTime /*now*/,
                                                         WallTime review_due) {
  const std::lock_guard lock(mutex_);
  Repository* home = find_repository(repository);
  if (!home || !home->links.contains(digest)) co_return BlobUnlinked::unknown;
  const auto names_it = [&digest](const ManifestReference& reference) {
    return reference.kind != ReferenceKind::manifest && reference.digest == digest;
  };
  for (const auto& [by, manifest] : home->manifests) {
    if (std::ranges::any_of(manifest.references, names_it)) co_return BlobInUse{by};
  }
  Charges charges(*this, repository);
  charges.unlink(digest);
  charges.check_and_write();
  home->links.erase(digest);
  review(ReviewKind::blob, std::nullopt, digest, review_due);
  co_return BlobUnlinked::yes;
}

Task<> MemoryMetadataStore::mark_blob_missing(Digest digest) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(digest);
  if (found != blobs_.end() && found->second.state == BlobState::present) found->second.state = BlobState::missing;
  co_return;
}

Task<std::optional<BlobState>> MemoryMetadataStore::blob_state(Digest digest) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(digest);
  if (found == blobs_.end()) co_return std::nullopt;
  co_return found->second.state;
}

Task<std::vector<Review>> MemoryMetadataStore::due_reviews(WallTime now, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<Review> due;
  for (const auto& [key, at] : reviews_) {
    if (at <= now) due.push_back(Review{std::get<0>(key), std::get<1>(key), std::get<2>(key), at});
  }
  std::ranges::sort(due, {}, &Review::due);
  if (due.size() > limit) due.erase(due.begin() + static_cast<std::ptrdiff_t>(limit), due.end());
  co_return due;
}

Task<> MemoryMetadataStore::check_health() {
  co_return;
}

}  // namespace berth
