// ChargeSheet: what one change of one repository does to the scopes it belongs to. The one place that knows what is
// charged, for every store: first the stores say what they are about to change, then the sheet is checked, then
// written.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "metadata/quota_guard.h"
#include "metadata/usage_store.h"

namespace berth {

/// How a repository has a blob. Nothing is charged for one that is named but not linked.
struct BlobStanding {
  bool is_linked = false;
  bool is_named = false;  ///< as a config or layer of one of its manifests
  bool operator==(const BlobStanding&) const = default;
};

/// How many repositories of a scope have a blob.
struct BlobHolders {
  std::uint64_t linking = 0;
  std::uint64_t naming = 0;  ///< of those that link it
  bool operator==(const BlobHolders&) const = default;
};

/// Where a store keeps the figures; made for one repository, inside one transaction.
class QuotaLedger {
 public:
  virtual ~QuotaLedger() = default;
  /// Of the scope, or of the repository in it (ScopeUnit::each).
  virtual QuotaUsage usage(std::size_t scope) = 0;
  virtual void set_usage(std::size_t scope, const QuotaUsage& usage) = 0;
  /// Of scopes that count together.
  virtual BlobHolders holders(std::size_t scope, const Digest& blob) = 0;
  virtual void set_holders(std::size_t scope, const Digest& blob, const BlobHolders& holders) = 0;
};

/// Threading: one thread. Lifetime: the scopes outlive it.
class ChargeSheet {
 public:
  ChargeSheet(std::span<const QuotaScope> scopes, const RepositoryName& repository);

  /// No scope has the repository: there is nothing to say.
  bool is_empty() const { return scopes_.empty(); }

  void change_manifests(std::int64_t count, std::int64_t bytes);
  void change_tags(std::int64_t count) { tags_ += count; }
  /// Counts once for each digest: what is said of one again is ignored.
  void change_blob(const Digest& blob, std::uint64_t size_bytes, BlobStanding from, BlobStanding to);

  /// Works out what is to be written. A refusal leaves everything as it is.
  std::optional<QuotaExceeded> check(QuotaLedger& ledger, const QuotaGuard& guard);
  /// What check() worked out.
  void write(QuotaLedger& ledger) const;

  struct Change {
    std::size_t scope;
    QuotaUsage now;
    QuotaUsage then;
  };
  /// For whoever only asks: all scopes of the repository, whether anything changes or not.
  std::vector<Change> preview(QuotaLedger& ledger);

 private:
  struct MatchedScope {
    std::size_t number;
    ScopeUnit unit;
  };
  struct BlobChange {
    Digest blob;
    std::uint64_t size_bytes;
    BlobStanding from;
    BlobStanding to;
  };
  struct HoldersChange {
    std::size_t scope;
    Digest blob;
    BlobHolders holders;
  };

  Change work_out(const MatchedScope& scope, QuotaLedger& ledger);

  std::vector<MatchedScope> scopes_;
  std::int64_t manifests_ = 0;
  std::int64_t manifest_bytes_ = 0;
  std::int64_t tags_ = 0;
  std::set<Digest> seen_;
  std::vector<BlobChange> blobs_;
  std::vector<Change> changes_;
  std::vector<HoldersChange> holders_;
};

/// What a blob would change: two empty sheets of the same repository, which has it as `standing` says.
std::vector<PossibleUsage> possible_usage(ChargeSheet& linked, ChargeSheet& named, QuotaLedger& ledger,
                                          const Digest& blob, std::uint64_t size_bytes, BlobStanding standing);

}  // namespace berth
