// UsageStore: what repositories hold: kept up to date for quotas, walked for reports.
//
// Scopes are what quotas are measured by. Their figures change in the transaction of each change (charge_sheet.h), so
// that a check inside a transaction costs what the transaction touches, and nothing where there are no scopes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "metadata/page.h"
#include "metadata/quota_guard.h"
#include "metadata/records.h"

namespace berth {

enum class ScopeUnit : std::uint8_t {
  together,  ///< all repositories of the scope make one sum, in which a blob counts once, however many link it
  each,      ///< every repository of the scope has a sum of its own
};

/// Repositories that are counted together, or each by itself.
struct QuotaScope {
  /// Names it from one start to the next: the same key always stands for the same repositories and unit.
  std::string key;
  ScopeUnit unit = ScopeUnit::together;
  /// Whether a repository belongs to it: pure, quick, on any thread.
  std::function<bool(std::string_view repository)> has;
};

/// One figure that is kept.
struct ScopeUsage {
  std::size_t scope = 0;                          ///< in the order in which they were given
  std::optional<RepositoryName> repository = {};  ///< of ScopeUnit::each
  QuotaUsage usage = {};
  bool operator==(const ScopeUsage&) const = default;
};

/// What a blob would change in one scope.
struct PossibleUsage {
  std::size_t scope = 0;
  QuotaUsage now;
  QuotaUsage if_linked;  ///< uploaded or mounted
  QuotaUsage if_named;   ///< and named by a manifest
  bool operator==(const PossibleUsage&) const = default;
};

/// A repository that links a blob.
struct BlobHolder {
  RepositoryName repository;
  WallTime promised_until;
  bool is_named = false;  ///< by a manifest of that repository
  bool operator==(const BlobHolder&) const = default;
};

/// Who has a blob, whatever state it is in.
struct BlobHoldings {
  Digest digest;
  std::uint64_t size_bytes = 0;
  BlobState state = BlobState::present;
  std::vector<BlobHolder> holders = {};  ///< in order of their names
  /// A manifest somewhere names it, or has this digest: it is not garbage, linked or not.
  bool is_referenced = false;
  std::vector<RepositoryName> trashed_in = {};  ///< with a deleted manifest that needs it; in order
  bool operator==(const BlobHoldings&) const = default;
};

struct RepositoryHoldings {
  RepositoryName repository;
  std::uint64_t manifests = 0;
  std::uint64_t tags = 0;
};

struct ManifestHolding {
  std::int64_t number = 0;  ///< what the walk goes by
  RepositoryName repository;
  std::uint64_t size_bytes = 0;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     see MetadataStore.
class UsageStore {
 public:
  virtual ~UsageStore() = default;

  /// From now on these scopes are kept up to date, numbered in this order, and no others. Those that were not kept when
  /// the store was last written to are counted afresh, which costs what the store holds; how many that were. To be
  /// called once, after opening and before anything else is done with the store.
  virtual Task<std::size_t> keep_scopes(std::vector<QuotaScope> scopes) = 0;

  /// What the scopes of this repository are charged.
  virtual Task<std::vector<ScopeUsage>> usage_of(RepositoryName repository) = 0;
  /// What a blob would change in the scopes of this repository.
  virtual Task<std::vector<PossibleUsage>> usage_with(RepositoryName repository, Digest digest,
                                                      std::uint64_t size_bytes) = 0;
  /// A scope's figures: one for ScopeUnit::together; for ScopeUnit::each those of the repositories after `after`, in
  /// order of their names, that hold or held something.
  virtual Task<Page<ScopeUsage>> list_usage(std::size_t scope, std::optional<RepositoryName> after,
                                            std::size_t limit) = 0;
  /// True if a blob that the repository links was found damaged or gone: pushing it again costs nothing.
  virtual Task<bool> misses_a_blob(RepositoryName repository) = 0;

  // Walks for reports; each call is one look, and all of them together cost what the store holds.
  /// In order of the digests, after `after`.
  virtual Task<std::vector<BlobHoldings>> walk_blobs(std::optional<Digest> after, std::size_t limit) = 0;
  /// In order of the names, after `after`. Those that hold neither a manifest nor a tag are among them.
  virtual Task<std::vector<RepositoryHoldings>> walk_repositories(std::optional<RepositoryName> after,
                                                                  std::size_t limit) = 0;
  /// In order of their numbers, after `after`; 0 is before all of them.
  virtual Task<std::vector<ManifestHolding>> walk_manifests(std::int64_t after, std::size_t limit) = 0;
};

}  // namespace berth
