// What a store's scopes are charged, as it keeps it and as a count of the content gives it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metadata/usage_store.h"
#include "tests/support/run_task.h"

namespace berth {

using UsageFigures = std::map<std::pair<std::size_t, std::string>, QuotaUsage>;

/// What is kept. A scope that holds nothing counts as one that is not there.
inline UsageFigures kept_figures(UsageStore& store, std::size_t scopes) {
  UsageFigures figures;
  for (std::size_t number = 0; number < scopes; ++number) {
    std::optional<RepositoryName> after;
    for (;;) {
      const Page<ScopeUsage> page = run_task(store.list_usage(number, after, 3));
      for (const ScopeUsage& entry : page.entries) {
        if (entry.usage == QuotaUsage()) continue;
        figures[{number, entry.repository ? entry.repository->text() : ""}] = entry.usage;
      }
      if (!page.has_more) break;
      after = page.entries.back().repository;
    }
  }
  return figures;
}

/// What the walks over the content give by the definition: nothing here is shared with what keeps the figures.
inline UsageFigures counted_figures(UsageStore& store, const std::vector<QuotaScope>& scopes) {
  UsageFigures figures;
  const auto add = [&](const RepositoryName& repository, auto&& change) {
    for (std::size_t number = 0; number < scopes.size(); ++number) {
      if (!scopes[number].has(repository.text())) continue;
      change(figures[{number, scopes[number].unit == ScopeUnit::each ? repository.text() : ""}]);
    }
  };
  for (std::optional<RepositoryName> after;;) {
    const std::vector<RepositoryHoldings> page = run_task(store.walk_repositories(after, 2));
    if (page.empty()) break;
    after = page.back().repository;
    for (const RepositoryHoldings& each : page) add(each.repository, [&](QuotaUsage& to) { to.tags += each.tags; });
  }
  for (std::int64_t after = 0;;) {
    const std::vector<ManifestHolding> page = run_task(store.walk_manifests(after, 2));
    if (page.empty()) break;
    after = page.back().number;
    for (const ManifestHolding& each : page) {
      add(each.repository, [&](QuotaUsage& to) {
        ++to.manifests;
        to.bytes += each.size_bytes;
      });
    }
  }
  for (std::optional<Digest> after;;) {
    const std::vector<BlobHoldings> page = run_task(store.walk_blobs(after, 2));
    if (page.empty()) break;
    after = page.back().digest;
    for (const BlobHoldings& blob : page) {
      std::map<std::pair<std::size_t, std::string>, bool> named_in;
      for (const BlobHolder& holder : blob.holders) {
        for (std::size_t number = 0; number < scopes.size(); ++number) {
          if (!scopes[number].has(holder.repository.text())) continue;
          const std::string own = scopes[number].unit == ScopeUnit::each ? holder.repository.text() : "";
          named_in[{number, own}] |= holder.is_named;
        }
      }
      for (const auto& [key, is_named] : named_in) {
        (is_named ? figures[key].bytes : figures[key].pending_bytes) += blob.size_bytes;
      }
    }
  }
  std::erase_if(figures, [](const auto& entry) { return entry.second == QuotaUsage(); });
  return figures;
}

}  // namespace berth
