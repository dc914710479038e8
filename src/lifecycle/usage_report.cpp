#include "lifecycle/usage_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/at_end.h"

namespace berth {
namespace {

constexpr std::size_t kPage = 500;

/// Adds up what the walks come by.
class UsageCount {
 public:
  UsageCount(const std::optional<NamePattern>& repositories, WallTime now) : wanted_(repositories), now_(now) {}

  void add(const BlobHoldings& blob) {
    const bool is_kept = blob.is_referenced || std::ranges::any_of(blob.holders, [this](const BlobHolder& holder) {
                           return holder.is_named || holder.promised_until > now_;
                         });
    const bool is_trash = !is_kept && !blob.trashed_in.empty();
    const bool is_garbage = !is_kept && blob.trashed_in.empty();
    if (blob.state != BlobState::missing) {
      ++stored_.blobs;
      stored_.bytes += blob.size_bytes;
      if (is_trash) stored_.trash_bytes += blob.size_bytes;
      if (is_garbage) stored_.reclaimable_bytes += blob.size_bytes;
    }
    const bool is_shared = blob.holders.size() > 1;
    for (const BlobHolder& holder : blob.holders) {
      RepositoryUsage* usage = find(holder.repository);
      if (usage == nullptr) continue;
      (holder.is_named ? usage->bytes : usage->pending_bytes) += blob.size_bytes;
      (is_shared ? usage->shared_bytes : usage->unique_bytes) += blob.size_bytes;
      if (is_garbage && !is_shared) usage->reclaimable_bytes += blob.size_bytes;
    }
    if (!is_trash) return;
    for (const RepositoryName& repository : blob.trashed_in) {
      if (RepositoryUsage* usage = find(repository)) usage->trash_bytes += blob.size_bytes;
    }
  }

  void add(const ManifestHolding& manifest) {
    if (RepositoryUsage* usage = find(manifest.repository)) {
      ++usage->manifests;
      usage->bytes += manifest.size_bytes;
    }
  }

  void add(const RepositoryHoldings& repository) {
    if (repository.tags == 0) return;
    if (RepositoryUsage* usage = find(repository.repository)) usage->tags += repository.tags;
  }

  UsageReport take() {
    UsageReport report{.repositories = {}, .stored = stored_, .quotas = {}};
    for (auto& [name, usage] : repositories_) report.repositories.push_back({name, usage});
    return report;
  }

 private:
  /// Null for one that is not asked about.
  RepositoryUsage* find(const RepositoryName& repository) {
    if (wanted_ && !wanted_->matches(repository.text())) return nullptr;
    return &repositories_[repository];
  }

  const std::optional<NamePattern>& wanted_;
  const WallTime now_;
  StoredUsage stored_;
  std::map<RepositoryName, RepositoryUsage> repositories_;
};

}  // namespace

Task<Result<UsageReport>> UsageReporter::report(std::optional<NamePattern> repositories) {
  if (is_busy_.exchange(true)) co_return refuse(ErrorCode::overloaded, "another report is being made");
  const AtEnd free([this] { is_busy_ = false; });
  UsageCount count(repositories, clock_.now());
  std::optional<Digest> last_blob;
  for (;;) {
    const std::vector<BlobHoldings> page = co_await usage_.walk_blobs(last_blob, kPage);
    if (page.empty()) break;
    last_blob = page.back().digest;
    for (const BlobHoldings& blob : page) count.add(blob);
  }
  std::int64_t last_manifest = 0;
  for (;;) {
    const std::vector<ManifestHolding> page = co_await usage_.walk_manifests(last_manifest, kPage);
    if (page.empty()) break;
    last_manifest = page.back().number;
    for (const ManifestHolding& manifest : page) count.add(manifest);
  }
  std::optional<RepositoryName> last_repository;
  for (;;) {
    const std::vector<RepositoryHoldings> page = co_await usage_.walk_repositories(last_repository, kPage);
    if (page.empty()) break;
    last_repository = page.back().repository;
    for (const RepositoryHoldings& repository : page) count.add(repository);
  }
  UsageReport report = count.take();
  report.quotas = co_await quota_usage(std::move(repositories));
  co_return report;
}

Task<std::vector<ScopeUsage>> UsageReporter::quota_usage(std::optional<NamePattern> repositories) {
  std::vector<ScopeUsage> all;
  for (std::size_t scope = 0; scope < quotas_.rules().size(); ++scope) {
    std::optional<RepositoryName> last;
    for (;;) {
      Page<ScopeUsage> page = co_await usage_.list_usage(scope, last, kPage);
      if (!page.entries.empty()) last = page.entries.back().repository;
      for (ScopeUsage& entry : page.entries) {
        const bool is_wanted = !entry.repository || !repositories || repositories->matches(entry.repository->text());
        if (is_wanted) all.push_back(std::move(entry));
      }
      if (!page.has_more) break;
    }
  }
  co_return all;
}

}  // namespace berth
