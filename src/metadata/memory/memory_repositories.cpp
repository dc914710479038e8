// Repositories of the MemoryMetadataStore as a whole.
#include <algorithm>
#include <utility>

#include "metadata/memory/memory_charges.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/tag_precondition.h"

namespace berth {

bool MemoryMetadataStore::is_known(const RepositoryName& name) {
  const Repository* repository = find_repository(name);
  return repository != nullptr && !repository->is_deleted;
}

Task<DeleteRepositoryOutcome> MemoryMetadataStore::delete_repository(DeleteRepository request) {
  const std::lock_guard lock(mutex_);
  if (!is_known(request.repository)) co_return RepositoryUnknown{};
  Repository& home = repositories_.at(request.repository);
  std::vector<std::pair<Digest, std::vector<Tag>>> doomed;
  for (const auto& [digest, manifest] : home.manifests) {
    if (doomed.size() == request.limit) break;
    doomed.emplace_back(digest, tags_of_manifest(home, digest));
    // A refusal has changed nothing.
    for (const Tag& tag : doomed.back().second) {
      if (has_to_stay(request.protects, tag, digest, std::nullopt)) co_return TagProtected{tag};
    }
  }
  RepositoryDeleted deleted;
  for (const auto& [digest, tags] : doomed) {
    const Manifest& manifest = home.manifests.at(digest);
    const std::vector<ManifestReference> references = manifest.references;
    removals_.push_back({.at = request.now,
                         .kind = ReviewKind::manifest,
                         .repository = request.repository,
                         .digest = digest,
                         .size_bytes = manifest.record.bytes.size(),
                         .why = deleted_by(request.who)});
    remove_manifest({.repository = request.repository,
                     .digest = digest,
                     .who = request.who,
                     .now = request.now,
                     .review_due = request.review_due,
                     .to_trash = request.to_trash},
                    tags);
    // What nobody can name here any more is not served here any more either.
    for (const ManifestReference& reference : references) {
      if (reference.kind == ReferenceKind::manifest) continue;
      const auto names_it = [&reference](const ManifestReference& other) {
        return other.kind != ReferenceKind::manifest && other.digest == reference.digest;
      };
      const bool is_needed = std::ranges::any_of(home.manifests, [&names_it](const auto& other) {
        return std::ranges::any_of(other.second.references, names_it);
      });
      if (is_needed || !home.links.contains(reference.digest)) continue;
      Charges charges(*this, request.repository);
      charges.unlink(reference.digest);
      charges.check_and_write();
      home.links.erase(reference.digest);
      review(ReviewKind::blob, std::nullopt, reference.digest, request.review_due);
    }
    ++deleted.manifests;
    deleted.tags += tags.size();
  }
  deleted.is_all = home.is_deleted = home.manifests.empty();
  if (deleted.is_all) {
    std::erase_if(aliases_, [&request](const auto& alias) { return alias.second.first == request.repository; });
  }
  co_return deleted;
}

std::optional<NameTaken> MemoryMetadataStore::who_has(const RepositoryName& name, const RepositoryName& asking,
                                                      WallTime now) {
  if (const auto alias = aliases_.find(name); alias != aliases_.end()) {
    const auto& [repository, until] = alias->second;
    if (repository != asking && until > now) return NameTaken::by_alias;
  }
  if (is_known(name)) return NameTaken::by_repository;
  const bool has_trash =
      std::ranges::any_of(trash_, [&name](const auto& entry) { return entry.second.repository == name; });
  return has_trash ? std::optional(NameTaken::by_trash) : std::nullopt;
}

Task<RenameRepositoryOutcome> MemoryMetadataStore::rename_repository(RenameRepository request) {
  const std::lock_guard lock(mutex_);
  if (!is_known(request.from)) co_return RepositoryUnknown{};
  if (const auto taken = who_has(request.to, request.from, request.now)) co_return *taken;
  aliases_.erase(request.to);
  const auto swapped = [&request](RepositoryName& name) {
    if (name == request.from) {
      name = request.to;
    } else if (name == request.to) {
      name = request.from;
    }
  };
  Repository moved = std::move(repositories_.at(request.from));
  repositories_.erase(request.from);
  if (auto dead = repositories_.extract(request.to)) repositories_.emplace(request.from, std::move(dead.mapped()));
  repositories_.emplace(request.to, std::move(moved));
  for (auto& [id, upload] : uploads_) {
    if (upload.repository == request.from) upload.repository = request.to;
  }
  for (auto& [id, copy] : copies_) swapped(copy.first);
  for (auto& [number, trashed] : trash_) swapped(trashed.repository);
  for (auto& [name, alias] : aliases_) swapped(alias.first);
  std::map<ReviewKey, WallTime> reviews;
  for (auto& [key, due] : reviews_) {
    auto [kind, repository, digest] = key;
    if (repository) swapped(*repository);
    reviews.emplace(ReviewKey(kind, std::move(repository), digest), due);
  }
  reviews_ = std::move(reviews);
  if (request.alias_until) {
    aliases_.insert_or_assign(request.from, std::pair(request.to, *request.alias_until));
  } else {
    aliases_.erase(request.from);
  }
  count_scopes();
  co_return Renamed{};
}

Task<Page<RepositoryAlias>> MemoryMetadataStore::list_aliases(std::optional<RepositoryName> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Page<RepositoryAlias> page;
  for (auto next = after ? aliases_.upper_bound(*after) : aliases_.begin(); next != aliases_.end(); ++next) {
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    page.entries.push_back({next->first, next->second.first, next->second.second});
  }
  co_return page;
}

Task<bool> MemoryMetadataStore::delete_alias(RepositoryName alias) {
  const std::lock_guard lock(mutex_);
  co_return aliases_.erase(alias) == 1;
}

}  // namespace berth
