// What repositories hold, in the store in memory.
#include <algorithm>
#include <utility>

#include "metadata/memory/memory_charges.h"
#include "metadata/memory/memory_metadata_store.h"

namespace berth {

Task<std::size_t> MemoryMetadataStore::keep_scopes(std::vector<QuotaScope> scopes) {
  const std::lock_guard lock(mutex_);
  scopes_ = std::move(scopes);
  count_scopes();
  co_return scopes_.size();
}

void MemoryMetadataStore::count_scopes() {
  scope_usage_.clear();
  scope_holders_.clear();
  for (const auto& [name, repository] : repositories_) {
    Charges charges(*this, name);
    if (charges.is_empty()) continue;
    for (const auto& [blob, promise] : repository.links) {
      charges.sheet().change_blob(blob, charges.size_of(blob), {}, charges.standing_of(blob, nullptr));
    }
    for (const auto& [digest, manifest] : repository.manifests) {
      charges.sheet().change_manifests(1, static_cast<std::int64_t>(manifest.record.bytes.size()));
    }
    charges.sheet().change_tags(static_cast<std::int64_t>(repository.tags.size()));
    charges.check_and_write();
  }
}

Task<std::vector<ScopeUsage>> MemoryMetadataStore::usage_of(RepositoryName repository) {
  const std::lock_guard lock(mutex_);
  Charges charges(*this, repository);
  std::vector<ScopeUsage> all;
  for (std::size_t scope = 0; scope < scopes_.size(); ++scope) {
    if (!scopes_[scope].has(repository.text())) continue;
    const bool is_own = scopes_[scope].unit == ScopeUnit::each;
    all.push_back({.scope = scope,
                   .repository = is_own ? std::optional(repository) : std::nullopt,
                   .usage = charges.usage(scope)});
  }
  co_return all;
}

Task<std::vector<PossibleUsage>> MemoryMetadataStore::usage_with(RepositoryName repository, Digest digest,
                                                                 std::uint64_t size_bytes) {
  const std::lock_guard lock(mutex_);
  Charges linked(*this, repository);
  Charges named(*this, repository);
  co_return possible_usage(linked.sheet(), named.sheet(), linked, digest, size_bytes,
                           linked.standing_of(digest, nullptr));
}

Task<Page<ScopeUsage>> MemoryMetadataStore::list_usage(std::size_t scope, std::optional<RepositoryName> after,
                                                       std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Page<ScopeUsage> page;
  if (scopes_.at(scope).unit == ScopeUnit::together) {
    const auto found = scope_usage_.find({scope, std::nullopt});
    page.entries.push_back({.scope = scope,
                            .repository = std::nullopt,
                            .usage = found == scope_usage_.end() ? QuotaUsage() : found->second});
    co_return page;
  }
  for (auto next = scope_usage_.upper_bound({scope, after}); next != scope_usage_.end(); ++next) {
    const auto& [key, usage] = *next;
    if (key.first != scope) break;
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    page.entries.push_back({.scope = scope, .repository = key.second, .usage = usage});
  }
  co_return page;
}

Task<bool> MemoryMetadataStore::misses_a_blob(RepositoryName repository) {
  const std::lock_guard lock(mutex_);
  const Repository* home = find_repository(repository);
  if (home == nullptr) co_return false;
  co_return std::ranges::any_of(home->links, [this](const auto& link) {
    const auto found = blobs_.find(link.first);
    return found != blobs_.end() && found->second.state == BlobState::missing;
  });
}

Task<std::vector<BlobHoldings>> MemoryMetadataStore::walk_blobs(std::optional<Digest> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<BlobHoldings> walked;
  auto next = after ? blobs_.upper_bound(*after) : blobs_.begin();
  for (; next != blobs_.end() && walked.size() < limit; ++next) {
    const auto& [digest, blob] = *next;
    BlobHoldings holdings{.digest = digest, .size_bytes = blob.size_bytes, .state = blob.state};
    const auto names_it = [&digest](const ManifestReference& reference) { return reference.digest == digest; };
    for (const auto& [name, repository] : repositories_) {
      for (const auto& [by, manifest] : repository.manifests) {
        holdings.is_referenced =
            holdings.is_referenced || by == digest || std::ranges::any_of(manifest.references, names_it);
      }
      const auto link = repository.links.find(digest);
      if (link == repository.links.end()) continue;
      holdings.holders.push_back({.repository = name,
                                  .promised_until = link->second,
                                  .is_named = Charges(*this, name).standing_of(digest, nullptr).is_named});
    }
    for (const auto& [number, trashed] : trash_) {
      if (trashed.digest() != digest && std::ranges::none_of(trashed.manifest.references, names_it)) continue;
      if (std::ranges::find(holdings.trashed_in, trashed.repository) != holdings.trashed_in.end()) continue;
      holdings.trashed_in.push_back(trashed.repository);
    }
    std::ranges::sort(holdings.trashed_in);
    walked.push_back(std::move(holdings));
  }
  co_return walked;
}

Task<std::vector<RepositoryHoldings>> MemoryMetadataStore::walk_repositories(std::optional<RepositoryName> after,
                                                                             std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<RepositoryHoldings> walked;
  auto next = after ? repositories_.upper_bound(*after) : repositories_.begin();
  for (; next != repositories_.end() && walked.size() < limit; ++next) {
    walked.push_back(
        {.repository = next->first, .manifests = next->second.manifests.size(), .tags = next->second.tags.size()});
  }
  co_return walked;
}

// Manifests have no numbers here: those in order of repository and digest will do as long as nothing changes.
Task<std::vector<ManifestHolding>> MemoryMetadataStore::walk_manifests(std::int64_t after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<ManifestHolding> walked;
  std::int64_t number = 0;
  for (const auto& [name, repository] : repositories_) {
    for (const auto& [digest, manifest] : repository.manifests) {
      if (++number <= after) continue;
      if (walked.size() == limit) co_return walked;
      walked.push_back({.number = number, .repository = name, .size_bytes = manifest.record.bytes.size()});
    }
  }
  co_return walked;
}

}  // namespace berth
