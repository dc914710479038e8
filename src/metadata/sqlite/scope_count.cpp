#include "metadata/sqlite/scope_count.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace berth::sqlite {
namespace {

struct NewScope {
  const QuotaScope* scope;
  std::int64_t id;
};

/// Counts from nothing. All links come in order of their digests, so that one blob at a time is in memory.
class ScopeCount {
 public:
  ScopeCount(Connection& connection, std::vector<NewScope> scopes)
      : connection_(connection), scopes_(std::move(scopes)) {}

  void run() {
    find_repositories();
    count_blobs();
    count_manifests();
    for (const auto& [key, usage] : usage_) {
      if (usage == QuotaUsage()) continue;
      connection_.change(Statement::put_quota_usage, scopes_[key.first].id, key.second, usage.bytes,
                         usage.pending_bytes, usage.manifests, usage.tags);
    }
  }

 private:
  struct Link {
    RepositoryId repository;
    bool is_named;
  };

  void find_repositories() {
    Query query = connection_.query(Statement::list_repository_numbers, std::int64_t{0});
    while (query.step()) {
      const RepositoryId repository = query.integer(0);
      const std::string name = query.text(1);
      std::vector<std::size_t> of;
      for (std::size_t i = 0; i < scopes_.size(); ++i) {
        if (scopes_[i].scope->has(name)) of.push_back(i);
      }
      if (of.empty()) continue;
      Query tags = connection_.query(Statement::count_tags, repository);
      tags.step();
      for (const std::size_t scope : of) usage(scope, repository).tags += tags.count(0);
      scopes_of_.emplace(repository, std::move(of));
    }
  }

  void count_blobs() {
    Query query = connection_.query(Statement::list_all_links, BorrowedBytes{});
    std::optional<Digest> blob;
    std::uint64_t size_bytes = 0;
    std::vector<Link> links;
    while (query.step()) {
      const Digest digest = query.digest(0);
      if (blob && digest != *blob) {
        count_blob(*blob, size_bytes, links);
        links.clear();
      }
      blob = digest;
      size_bytes = query.count(2);
      links.push_back({.repository = query.integer(1), .is_named = query.integer(3) != 0});
    }
    if (blob) count_blob(*blob, size_bytes, links);
  }

  void count_blob(const Digest& blob, std::uint64_t size_bytes, const std::vector<Link>& links) {
    std::map<std::size_t, BlobHolders> together;
    for (const Link& link : links) {
      const auto of = scopes_of_.find(link.repository);
      if (of == scopes_of_.end()) continue;
      for (const std::size_t scope : of->second) {
        if (scopes_[scope].scope->unit == ScopeUnit::each) {
          add(usage(scope, link.repository), size_bytes, link.is_named);
          continue;
        }
        BlobHolders& holders = together[scope];
        ++holders.linking;
        if (link.is_named) ++holders.naming;
      }
    }
    for (const auto& [scope, holders] : together) {
      add(usage(scope, kNoRepository), size_bytes, holders.naming > 0);
      connection_.change(Statement::put_quota_holders, scopes_[scope].id, blob, holders.linking, holders.naming);
    }
  }

  static void add(QuotaUsage& usage, std::uint64_t size_bytes, bool is_named) {
    (is_named ? usage.bytes : usage.pending_bytes) += size_bytes;
  }

  void count_manifests() {
    Query query = connection_.query(Statement::list_manifest_sizes, std::int64_t{0});
    while (query.step()) {
      const auto of = scopes_of_.find(query.integer(0));
      if (of == scopes_of_.end()) continue;
      for (const std::size_t scope : of->second) {
        QuotaUsage& charged = usage(scope, of->first);
        ++charged.manifests;
        charged.bytes += query.count(1);
      }
    }
  }

  QuotaUsage& usage(std::size_t scope, RepositoryId repository) {
    const bool is_own = scopes_[scope].scope->unit == ScopeUnit::each;
    return usage_[{scope, is_own ? repository : kNoRepository}];
  }

  Connection& connection_;
  const std::vector<NewScope> scopes_;
  std::map<RepositoryId, std::vector<std::size_t>> scopes_of_;
  std::map<std::pair<std::size_t, RepositoryId>, QuotaUsage> usage_;
};

}  // namespace

ScopeChange keep_scopes(Connection& connection, std::vector<QuotaScope> scopes) {
  std::map<std::string, std::int64_t> known;
  {
    Query query = connection.query(Statement::list_quota_scopes, std::int64_t{0});
    while (query.step()) known.emplace(query.text(1), query.integer(0));
  }
  ScopeChange change{.kept = {.scopes = std::move(scopes), .ids = {}}};
  const auto is_wanted = [&change](const std::string& key) {
    return std::ranges::find(change.kept.scopes, key, &QuotaScope::key) != change.kept.scopes.end();
  };
  for (const auto& [key, id] : known) {
    if (is_wanted(key)) continue;
    connection.change(Statement::delete_quota_holders, id);
    connection.change(Statement::delete_quota_usage, id);
    connection.change(Statement::delete_quota_scope, id);
  }
  std::vector<NewScope> fresh;
  for (const QuotaScope& scope : change.kept.scopes) {
    if (const auto found = known.find(scope.key); found != known.end()) {
      change.kept.ids.push_back(found->second);
      continue;
    }
    connection.change(Statement::create_quota_scope, scope.key);
    change.kept.ids.push_back(connection.last_row_id());
    fresh.push_back({.scope = &scope, .id = change.kept.ids.back()});
  }
  change.counted = fresh.size();
  if (!fresh.empty()) ScopeCount(connection, std::move(fresh)).run();
  return change;
}

void recount_scopes_of_one(Connection& connection, const RepositoryName& one, const RepositoryName& other) {
  const KeptScopes* kept = connection.scopes();
  if (kept == nullptr) return;
  std::vector<NewScope> changed;
  for (std::size_t i = 0; i < kept->scopes.size(); ++i) {
    const QuotaScope& scope = kept->scopes[i];
    if (scope.has(one.text()) == scope.has(other.text())) continue;
    connection.change(Statement::delete_quota_holders, kept->ids[i]);
    connection.change(Statement::delete_quota_usage, kept->ids[i]);
    changed.push_back({.scope = &scope, .id = kept->ids[i]});
  }
  if (!changed.empty()) ScopeCount(connection, std::move(changed)).run();
}

}  // namespace berth::sqlite
