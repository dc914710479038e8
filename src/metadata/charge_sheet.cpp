#include "metadata/charge_sheet.h"

#include <algorithm>

namespace berth {
namespace {

// A figure is never less than nothing: one that would be was wrong before, and must not become enormous.
void add(std::uint64_t& figure, std::int64_t by) {
  const auto magnitude = static_cast<std::uint64_t>(by < 0 ? -by : by);
  if (by >= 0) {
    figure += magnitude;
  } else {
    figure -= std::min(figure, magnitude);
  }
}

BlobHolders holders_of(BlobStanding standing) {
  return {.linking = standing.is_linked ? 1U : 0U, .naming = standing.is_linked && standing.is_named ? 1U : 0U};
}

void add(BlobHolders& holders, BlobStanding from, BlobStanding to) {
  const auto difference = [](std::uint64_t before, std::uint64_t after) {
    return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
  };
  const BlobHolders before = holders_of(from);
  const BlobHolders after = holders_of(to);
  add(holders.linking, difference(before.linking, after.linking));
  add(holders.naming, difference(before.naming, after.naming));
}

/// Charged, pending, or neither; `sign` 1 or -1.
void charge(QuotaUsage& usage, const BlobHolders& holders, std::uint64_t size_bytes, std::int64_t sign) {
  const std::int64_t by = sign * static_cast<std::int64_t>(size_bytes);
  if (holders.naming > 0) {
    add(usage.bytes, by);
  } else if (holders.linking > 0) {
    add(usage.pending_bytes, by);
  }
}

}  // namespace

ChargeSheet::ChargeSheet(std::span<const QuotaScope> scopes, const RepositoryName& repository) {
  for (std::size_t number = 0; number < scopes.size(); ++number) {
    if (scopes[number].has(repository.text())) scopes_.push_back({.number = number, .unit = scopes[number].unit});
  }
}

void ChargeSheet::change_manifests(std::int64_t count, std::int64_t bytes) {
  manifests_ += count;
  manifest_bytes_ += bytes;
}

void ChargeSheet::change_blob(const Digest& blob, std::uint64_t size_bytes, BlobStanding from, BlobStanding to) {
  if (!seen_.insert(blob).second || holders_of(from) == holders_of(to)) return;
  blobs_.push_back({.blob = blob, .size_bytes = size_bytes, .from = from, .to = to});
}

std::optional<QuotaExceeded> ChargeSheet::check(QuotaLedger& ledger, const QuotaGuard& guard) {
  changes_.clear();
  holders_.clear();
  const bool changes_anything = manifests_ != 0 || manifest_bytes_ != 0 || tags_ != 0 || !blobs_.empty();
  if (!changes_anything) return std::nullopt;
  for (const MatchedScope& scope : scopes_) {
    changes_.push_back(work_out(scope, ledger));
    const Change& change = changes_.back();
    if (!guard) continue;
    if (std::optional<QuotaExceeded> exceeded = guard(change.scope, change.now, change.then)) return exceeded;
  }
  return std::nullopt;
}

ChargeSheet::Change ChargeSheet::work_out(const MatchedScope& scope, QuotaLedger& ledger) {
  const QuotaUsage now = ledger.usage(scope.number);
  QuotaUsage then = now;
  add(then.manifests, manifests_);
  add(then.bytes, manifest_bytes_);
  add(then.tags, tags_);
  for (const BlobChange& change : blobs_) {
    const bool counts_holders = scope.unit == ScopeUnit::together;
    const BlobHolders before = counts_holders ? ledger.holders(scope.number, change.blob) : holders_of(change.from);
    BlobHolders after = before;
    add(after, change.from, change.to);
    charge(then, before, change.size_bytes, -1);
    charge(then, after, change.size_bytes, 1);
    if (counts_holders) holders_.push_back({.scope = scope.number, .blob = change.blob, .holders = after});
  }
  return {.scope = scope.number, .now = now, .then = then};
}

std::vector<ChargeSheet::Change> ChargeSheet::preview(QuotaLedger& ledger) {
  std::vector<Change> changes;
  for (const MatchedScope& scope : scopes_) changes.push_back(work_out(scope, ledger));
  holders_.clear();
  return changes;
}

void ChargeSheet::write(QuotaLedger& ledger) const {
  for (const HoldersChange& change : holders_) ledger.set_holders(change.scope, change.blob, change.holders);
  for (const Change& change : changes_) {
    if (change.now != change.then) ledger.set_usage(change.scope, change.then);
  }
}

std::vector<PossibleUsage> possible_usage(ChargeSheet& linked, ChargeSheet& named, QuotaLedger& ledger,
                                          const Digest& blob, std::uint64_t size_bytes, BlobStanding standing) {
  linked.change_blob(blob, size_bytes, standing, {.is_linked = true, .is_named = standing.is_named});
  named.change_blob(blob, size_bytes, standing, {.is_linked = true, .is_named = true});
  std::vector<PossibleUsage> all;
  const std::vector<ChargeSheet::Change> if_named = named.preview(ledger);
  for (const ChargeSheet::Change& change : linked.preview(ledger)) {
    all.push_back(
        {.scope = change.scope, .now = change.now, .if_linked = change.then, .if_named = if_named.at(all.size()).then});
  }
  return all;
}

}  // namespace berth
