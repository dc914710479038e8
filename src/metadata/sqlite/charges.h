// What a change of one repository does to quota scopes, in the embedded database.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "metadata/charge_sheet.h"
#include "metadata/sqlite/transactions.h"

namespace berth::sqlite {

/// The scopes that are kept, and their numbers in the database. Set before anything is read or written, then fixed.
struct KeptScopes {
  std::vector<QuotaScope> scopes;
  std::vector<std::int64_t> ids;
};

/// Made inside a transaction before anything of it is changed; where no scope has the repository, all of this does
/// nothing.
class Charges final : public QuotaLedger {
 public:
  /// Without a number the repository is not there yet: set_repository() before write().
  Charges(Connection& connection, const RepositoryName& name, std::optional<RepositoryId> repository);

  bool is_empty() const { return sheet_.is_empty(); }
  ChargeSheet& sheet() { return sheet_; }
  void set_repository(RepositoryId repository) { repository_ = repository; }

  // What is about to happen. Blobs have their rows already.
  void link(const Digest& blob);
  void unlink(const Digest& blob);
  void add_manifest(const std::vector<ManifestReference>& references, std::uint64_t size_bytes);
  /// A blob of a manifest that comes back, whose link comes with it.
  void restore_blob(const Digest& blob);
  void remove_manifest(std::int64_t id, std::uint64_t size_bytes, std::size_t tag_count);

  std::optional<QuotaExceeded> check(const QuotaGuard& guard) { return sheet_.check(*this, guard); }
  void write();
  /// For what nothing can refuse.
  void check_and_write();

  struct SizedStanding {
    std::uint64_t size_bytes = 0;
    BlobStanding standing;
  };
  /// With `except` as if the manifest of that number were not there.
  SizedStanding standing_of(const Digest& blob, std::int64_t except = 0);

  QuotaUsage usage(std::size_t scope) override;
  void set_usage(std::size_t scope, const QuotaUsage& usage) override;
  BlobHolders holders(std::size_t scope, const Digest& blob) override;
  void set_holders(std::size_t scope, const Digest& blob, const BlobHolders& holders) override;

 private:
  RepositoryId row_of(std::size_t scope) const;

  Connection& connection_;
  std::optional<RepositoryId> repository_;
  ChargeSheet sheet_;
};

}  // namespace berth::sqlite
