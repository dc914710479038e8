// What the collector's decisions ask of the store in memory and do to it.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "content/cosign_tag.h"
#include "metadata/memory/memory_charges.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/preview_transaction.h"

namespace berth {

/// Wants the store's mutex held as long as it lives.
class MemoryMetadataStore::Transaction final : public CollectionTransaction {
 public:
  Transaction(MemoryMetadataStore& store, const GoneContent& gone) : store_(store), gone_(gone) {}

  std::optional<ManifestFacts> manifest(const RepositoryName& repository, const Digest& digest) override {
    if (!has_manifest(repository, digest)) return std::nullopt;
    const Repository& home = *store_.find_repository(repository);
    const Manifest& manifest = home.manifests.at(digest);
    return ManifestFacts{
        .subject = manifest.subject,
        .last_used = std::max(manifest.record.pushed, manifest.last_pulled.value_or(manifest.record.pushed)),
        .promised_until = manifest.record.promised_until,
        .size_bytes = manifest.record.bytes.size(),
        .is_pinned = manifest.pin.has_value(),
        .tags = store_.tags_of_manifest(home, digest)};
  }

  bool has_manifest(const RepositoryName& repository, const Digest& digest) override {
    const Repository* home = store_.find_repository(repository);
    return home != nullptr && home->manifests.contains(digest) && !gone_.has_manifest(repository, digest);
  }

  std::optional<Digest> index_naming(const RepositoryName& repository, const Digest& digest) override {
    return naming(repository, digest, [](ReferenceKind kind) { return kind == ReferenceKind::manifest; });
  }

  std::optional<Digest> manifest_naming(const RepositoryName& repository, const Digest& digest) override {
    return naming(repository, digest, [](ReferenceKind kind) { return kind != ReferenceKind::manifest; });
  }

  std::optional<WallTime> link(const RepositoryName& repository, const Digest& digest) override {
    const Repository* home = store_.find_repository(repository);
    if (home == nullptr || gone_.has_link(repository, digest)) return std::nullopt;
    const auto found = home->links.find(digest);
    if (found == home->links.end()) return std::nullopt;
    return found->second;
  }

  std::optional<BlobFacts> blob(const Digest& digest) override {
    const auto found = store_.blobs_.find(digest);
    if (found == store_.blobs_.end() || gone_.has_blob(digest)) return std::nullopt;
    return BlobFacts{found->second.size_bytes, found->second.state};
  }

  std::optional<RepositoryName> linking_repository(const Digest& digest) override {
    for (const auto& [name, repository] : store_.repositories_) {
      if (repository.links.contains(digest) && !gone_.has_link(name, digest)) return name;
    }
    return std::nullopt;
  }

  std::optional<Keeper> reference_to(const Digest& digest) override {
    for (const auto& [name, repository] : store_.repositories_) {
      const std::optional<Digest> by = naming(name, digest, [](ReferenceKind) { return true; });
      if (by) return Keeper{.kind = KeeperKind::reference, .repository = name, .by = by};
    }
    return std::nullopt;
  }

  std::optional<Keeper> trash_needing(const Digest& digest) override {
    if (gone_.is_trash_empty) return std::nullopt;
    for (const auto& [number, trashed] : store_.trash_) {
      const auto& references = trashed.manifest.references;
      const bool names_it = std::ranges::find(references, digest, &ManifestReference::digest) != references.end();
      if (names_it || trashed.digest() == digest) {
        return Keeper{.kind = KeeperKind::trash, .repository = trashed.repository, .by = trashed.digest()};
      }
    }
    return std::nullopt;
  }

  std::optional<RepositoryName> repository_with_manifest(const Digest& digest) override {
    for (const auto& [name, repository] : store_.repositories_) {
      if (has_manifest(name, digest)) return name;
    }
    return std::nullopt;
  }

  std::optional<WallTime> review_due(const Candidate& candidate) override {
    const auto found = store_.reviews_.find(key_of(candidate));
    if (found == store_.reviews_.end()) return std::nullopt;
    return found->second;
  }

  void finish_review(const Candidate& candidate) override { store_.reviews_.erase(key_of(candidate)); }
  void schedule(const Candidate& candidate, WallTime due) override {
    store_.review(candidate.kind, candidate.repository, candidate.digest, due);
  }

  RemovedManifest remove_manifest(const RepositoryName& repository, const Digest& digest,
                                  const CollectionRules& rules) override {
    Repository& home = *store_.find_repository(repository);
    store_.remove_manifest({.repository = repository,
                            .digest = digest,
                            .who = "garbage collection",
                            .now = rules.now,
                            .review_due = rules.now,
                            .to_trash = rules.uses_trash},
                           store_.tags_of_manifest(home, digest));
    return {.unlisted_repository = home.manifests.empty()};
  }

  void remove_link(const RepositoryName& repository, const Digest& digest) override {
    Charges charges(store_, repository);
    charges.unlink(digest);
    charges.check_and_write();
    store_.find_repository(repository)->links.erase(digest);
  }
  void mark_blob_deleting(const Digest& digest) override { store_.blobs_.at(digest).state = BlobState::deleting; }
  void record_removal(const Removal& removal) override { store_.removals_.push_back(removal); }

  std::vector<Candidate> kept_by_manifest(const RepositoryName& repository, const Digest& digest) override {
    std::vector<Candidate> kept;
    const Repository& home = *store_.find_repository(repository);
    for (const ManifestReference& reference : home.manifests.at(digest).references) {
      const bool is_manifest = reference.kind == ReferenceKind::manifest;
      kept.push_back(no_review(is_manifest ? ReviewKind::manifest : ReviewKind::link, repository, reference.digest));
    }
    for (const auto& [other, manifest] : home.manifests) {
      if (manifest.subject == digest) kept.push_back(no_review(ReviewKind::manifest, repository, other));
    }
    for (const std::string_view suffix : kCosignSuffixes) {
      const std::optional<Tag> tag = cosign_tag(digest, suffix);
      if (!tag) continue;
      const auto signature = home.tags.find(tag->text());
      if (signature != home.tags.end()) {
        kept.push_back(no_review(ReviewKind::manifest, repository, signature->second));
      }
    }
    kept.push_back({.kind = ReviewKind::blob, .repository = std::nullopt, .digest = digest, .due = std::nullopt});
    return kept;
  }

 private:
  static Candidate no_review(ReviewKind kind, const RepositoryName& repository, const Digest& digest) {
    return {.kind = kind, .repository = repository, .digest = digest, .due = std::nullopt};
  }

  static ReviewKey key_of(const Candidate& candidate) {
    return {candidate.kind, candidate.repository, candidate.digest};
  }

  template <class WantsKind>
  std::optional<Digest> naming(const RepositoryName& repository, const Digest& digest, WantsKind wants) {
    const Repository* home = store_.find_repository(repository);
    if (home == nullptr) return std::nullopt;
    const auto names_it = [&](const ManifestReference& reference) {
      return wants(reference.kind) && reference.digest == digest;
    };
    for (const auto& [by, manifest] : home->manifests) {
      if (!gone_.has_manifest(repository, by) && std::ranges::any_of(manifest.references, names_it)) return by;
    }
    return std::nullopt;
  }

  MemoryMetadataStore& store_;
  const GoneContent& gone_;
};

}  // namespace berth
