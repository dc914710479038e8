#include "metadata/sqlite/charges.h"

#include <span>

namespace berth::sqlite {
namespace {

// No manifest and no repository has it.
constexpr std::int64_t kNone = 0;

std::span<const QuotaScope> scopes_of(const Connection& connection) {
  if (connection.scopes() == nullptr) return {};
  return connection.scopes()->scopes;
}

}  // namespace

Charges::Charges(Connection& connection, const RepositoryName& name, std::optional<RepositoryId> repository)
    : connection_(connection), repository_(repository), sheet_(scopes_of(connection), name) {}

void Charges::link(const Digest& blob) {
  if (is_empty()) return;
  const SizedStanding from = standing_of(blob);
  sheet_.change_blob(blob, from.size_bytes, from.standing, {.is_linked = true, .is_named = from.standing.is_named});
}

void Charges::unlink(const Digest& blob) {
  if (is_empty()) return;
  const SizedStanding from = standing_of(blob);
  sheet_.change_blob(blob, from.size_bytes, from.standing, {.is_linked = false, .is_named = from.standing.is_named});
}

void Charges::add_manifest(const std::vector<ManifestReference>& references, std::uint64_t size_bytes) {
  if (is_empty()) return;
  sheet_.change_manifests(1, static_cast<std::int64_t>(size_bytes));
  for (const ManifestReference& reference : references) {
    if (reference.kind == ReferenceKind::manifest) continue;
    const SizedStanding from = standing_of(reference.digest);
    sheet_.change_blob(reference.digest, from.size_bytes, from.standing,
                       {.is_linked = from.standing.is_linked, .is_named = true});
  }
}

void Charges::restore_blob(const Digest& blob) {
  if (is_empty()) return;
  const SizedStanding from = standing_of(blob);
  sheet_.change_blob(blob, from.size_bytes, from.standing, {.is_linked = true, .is_named = true});
}

void Charges::remove_manifest(std::int64_t id, std::uint64_t size_bytes, std::size_t tag_count) {
  if (is_empty()) return;
  sheet_.change_manifests(-1, -static_cast<std::int64_t>(size_bytes));
  sheet_.change_tags(-static_cast<std::int64_t>(tag_count));
  std::vector<Digest> blobs;
  {
    Query children = connection_.query(Statement::list_children, id);
    while (children.step()) {
      if (static_cast<ReferenceKind>(children.integer(1)) != ReferenceKind::manifest) {
        blobs.push_back(children.digest(0));
      }
    }
  }
  for (const Digest& blob : blobs) {
    const SizedStanding then = standing_of(blob, id);
    sheet_.change_blob(blob, then.size_bytes, {.is_linked = then.standing.is_linked, .is_named = true}, then.standing);
  }
}

void Charges::write() {
  if (!is_empty()) sheet_.write(*this);
}

void Charges::check_and_write() {
  if (is_empty()) return;
  sheet_.check(*this, {});
  sheet_.write(*this);
}

Charges::SizedStanding Charges::standing_of(const Digest& blob, std::int64_t except) {
  Query query = connection_.query(Statement::find_blob_standing, blob, repository_.value_or(kNone), except);
  if (query.step()) {
    return {.size_bytes = query.count(0),
            .standing = {.is_linked = query.integer(1) != 0, .is_named = query.integer(2) != 0}};
  }
  // Nobody links what has no row, but a manifest may name it.
  const bool is_named =
      connection_.query(Statement::find_manifest_that_names, blob, repository_.value_or(kNone)).step();
  return {.size_bytes = 0, .standing = {.is_linked = false, .is_named = is_named}};
}

RepositoryId Charges::row_of(std::size_t scope) const {
  if (connection_.scopes()->scopes[scope].unit == ScopeUnit::together) return kNoRepository;
  return repository_.value();
}

QuotaUsage Charges::usage(std::size_t scope) {
  const bool is_new = connection_.scopes()->scopes[scope].unit == ScopeUnit::each && !repository_;
  if (is_new) return {};
  Query query = connection_.query(Statement::find_quota_usage, connection_.scopes()->ids[scope], row_of(scope));
  if (!query.step()) return {};
  return {
      .bytes = query.count(0), .pending_bytes = query.count(1), .manifests = query.count(2), .tags = query.count(3)};
}

void Charges::set_usage(std::size_t scope, const QuotaUsage& usage) {
  connection_.change(Statement::put_quota_usage, connection_.scopes()->ids[scope], row_of(scope), usage.bytes,
                     usage.pending_bytes, usage.manifests, usage.tags);
}

BlobHolders Charges::holders(std::size_t scope, const Digest& blob) {
  Query query = connection_.query(Statement::find_quota_holders, connection_.scopes()->ids[scope], blob);
  if (!query.step()) return {};
  return {.linking = query.count(0), .naming = query.count(1)};
}

void Charges::set_holders(std::size_t scope, const Digest& blob, const BlobHolders& holders) {
  const std::int64_t id = connection_.scopes()->ids[scope];
  if (holders.linking == 0) {
    connection_.change(Statement::delete_quota_holder, id, blob);
  } else {
    connection_.change(Statement::put_quota_holders, id, blob, holders.linking, holders.naming);
  }
}

}  // namespace berth::sqlite
