// What a change of one repository does to quota scopes, in the store in memory.
#pragma once

#include <algorithm>
#include <optional>

#include "metadata/charge_sheet.h"
#include "metadata/memory/memory_metadata_store.h"

namespace berth {

/// Wants the store's mutex held as long as it lives. What is about to change is said before it changes.
class MemoryMetadataStore::Charges final : public QuotaLedger {
 public:
  Charges(MemoryMetadataStore& store, const RepositoryName& repository)
      : store_(store), repository_(repository), sheet_(store.scopes_, repository) {}

  bool is_empty() const { return sheet_.is_empty(); }
  ChargeSheet& sheet() { return sheet_; }

  void link(const Digest& blob, std::uint64_t size_bytes) {
    const BlobStanding from = standing_of(blob, nullptr);
    sheet_.change_blob(blob, size_bytes, from, {.is_linked = true, .is_named = from.is_named});
  }
  void unlink(const Digest& blob) {
    if (sheet_.is_empty()) return;
    const BlobStanding from = standing_of(blob, nullptr);
    sheet_.change_blob(blob, size_of(blob), from, {.is_linked = false, .is_named = from.is_named});
  }
  void add_manifest(const std::vector<ManifestReference>& references, std::uint64_t size_bytes) {
    sheet_.change_manifests(1, static_cast<std::int64_t>(size_bytes));
    for (const ManifestReference& reference : references) {
      if (reference.kind == ReferenceKind::manifest) continue;
      const BlobStanding from = standing_of(reference.digest, nullptr);
      sheet_.change_blob(reference.digest, size_of(reference.digest), from,
                         {.is_linked = from.is_linked, .is_named = true});
    }
  }
  /// The links come with it.
  void restore_manifest(const std::vector<ManifestReference>& references, std::uint64_t size_bytes) {
    sheet_.change_manifests(1, static_cast<std::int64_t>(size_bytes));
    for (const ManifestReference& reference : references) {
      if (reference.kind == ReferenceKind::manifest) continue;
      sheet_.change_blob(reference.digest, size_of(reference.digest), standing_of(reference.digest, nullptr),
                         {.is_linked = true, .is_named = true});
    }
  }
  void remove_manifest(const Manifest& manifest) {
    sheet_.change_manifests(-1, -static_cast<std::int64_t>(manifest.record.bytes.size()));
    for (const ManifestReference& reference : manifest.references) {
      if (reference.kind == ReferenceKind::manifest) continue;
      const BlobStanding then = standing_of(reference.digest, &manifest);
      sheet_.change_blob(reference.digest, size_of(reference.digest), {.is_linked = then.is_linked, .is_named = true},
                         then);
    }
  }

  std::optional<QuotaExceeded> check(const QuotaGuard& guard) { return sheet_.check(*this, guard); }
  void write() { sheet_.write(*this); }
  /// For what nothing can refuse.
  void check_and_write() {
    sheet_.check(*this, {});
    sheet_.write(*this);
  }

  QuotaUsage usage(std::size_t scope) override {
    const auto found = store_.scope_usage_.find(key_of(scope));
    return found == store_.scope_usage_.end() ? QuotaUsage() : found->second;
  }
  void set_usage(std::size_t scope, const QuotaUsage& usage) override { store_.scope_usage_[key_of(scope)] = usage; }
  BlobHolders holders(std::size_t scope, const Digest& blob) override {
    const auto found = store_.scope_holders_.find({scope, blob});
    return found == store_.scope_holders_.end() ? BlobHolders() : found->second;
  }
  void set_holders(std::size_t scope, const Digest& blob, const BlobHolders& holders) override {
    store_.scope_holders_[{scope, blob}] = holders;
    if (holders.linking == 0) store_.scope_holders_.erase({scope, blob});
  }

  /// With `except` as if that manifest were not there.
  BlobStanding standing_of(const Digest& blob, const Manifest* except) const {
    const Repository* home = store_.find_repository(repository_);
    if (home == nullptr) return {};
    const auto names_it = [&blob](const ManifestReference& reference) {
      return reference.kind != ReferenceKind::manifest && reference.digest == blob;
    };
    const auto is_naming = [&](const auto& entry) {
      return &entry.second != except && std::ranges::any_of(entry.second.references, names_it);
    };
    return {.is_linked = home->links.contains(blob), .is_named = std::ranges::any_of(home->manifests, is_naming)};
  }
  std::uint64_t size_of(const Digest& blob) const {
    const auto found = store_.blobs_.find(blob);
    return found == store_.blobs_.end() ? 0 : found->second.size_bytes;
  }

 private:
  std::pair<std::size_t, std::optional<RepositoryName>> key_of(std::size_t scope) const {
    if (store_.scopes_[scope].unit == ScopeUnit::each) return {scope, repository_};
    return {scope, std::nullopt};
  }

  MemoryMetadataStore& store_;
  const RepositoryName& repository_;
  ChargeSheet sheet_;
};

}  // namespace berth
