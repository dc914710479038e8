// Retention: everything of one repository as of one moment, deletions of what is unchanged, plans, times of pulls.
#include <sqlite3.h>

#include <unordered_map>
#include <utility>
#include <variant>

#include "content/cosign_tag.h"
#include "metadata/sqlite/manifest_rows.h"
#include "metadata/sqlite/sqlite_retention_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::Statement;

namespace {

/// Asked every so many steps of SQLite's machine: often enough to stop within milliseconds.
constexpr int kStepsBetweenLooks = 10'000;
constexpr std::size_t kQueueLimit = 64;

/// One transaction that only reads: all its statements see the same moment.
class Snapshot {
 public:
  explicit Snapshot(Connection& connection) : connection_(connection) { connection_.execute("BEGIN"); }
  ~Snapshot() {
    try {
      if (!connection_.is_idle()) connection_.execute("ROLLBACK");
    } catch (const Failure&) {
      // Nothing was changed, and the connection's next BEGIN says what is wrong with it.
    }
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Connection& connection_;
};

std::optional<std::vector<HeldManifest>> read_held(Connection& connection, const RepositoryName& name,
                                                   std::size_t limit) {
  std::vector<HeldManifest> held;
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, name);
  if (!repository) return held;
  std::unordered_map<std::int64_t, std::size_t> places;
  Query manifests = connection.query(Statement::list_held_manifests, *repository);
  while (manifests.step()) {
    if (held.size() == limit) return std::nullopt;
    places.emplace(manifests.integer(0), held.size());
    held.push_back({.digest = manifests.digest(1),
                    .media_type = manifests.text(2),
                    .artifact_type = manifests.text(3),
                    .size_bytes = manifests.count(4),
                    .pushed = manifests.time(5),
                    .last_pulled = manifests.optional_time(6),
                    .promised_until = manifests.time(7),
                    .is_child_of_index = manifests.integer(8) != 0,
                    .has_live_subject = manifests.integer(9) != 0,
                    .is_pinned = manifests.integer(10) != 0});
  }
  std::size_t count = held.size();
  Query tags = connection.query(Statement::list_naming_tags, *repository);
  while (tags.step()) {
    if (count++ == limit) return std::nullopt;
    HeldManifest& manifest = held[places.at(tags.integer(0))];
    manifest.tags.push_back({.tag = sqlite::stored_tag(tags.bytes(1)), .since = tags.time(2)});
  }
  return held;
}

/// Why something stays; nothing: it may go.
std::optional<DeletionOutcome> obstacle_to(Connection& connection, RepositoryId repository,
                                           const UnchangedContent& content, WallTime now) {
  Query manifest = connection.query(Statement::find_manifest_holds, content.digest, repository);
  if (!manifest.step()) return DeletionOutcome::changed;
  const bool has_live_subject = manifest.integer(4) != 0;
  const bool is_pinned = manifest.integer(5) != 0;
  if (content.tag) {
    Query named = connection.query(Statement::find_tag, repository, content.tag->text());
    if (!named.step() || named.digest(0) != content.digest) return DeletionOutcome::changed;
    Query since = connection.query(Statement::find_tag_since, repository, content.tag->text());
    if (!since.step() || since.time(0) != content.since) return DeletionOutcome::changed;
    const std::optional<Digest> subject = cosign_subject(*content.tag);
    const bool has_subject = subject && sqlite::find_manifest_id(connection, repository, *subject).has_value();
    return has_live_subject || has_subject || is_pinned ? std::optional(DeletionOutcome::in_use) : std::nullopt;
  }
  if (manifest.time(1) != content.since) return DeletionOutcome::changed;
  const bool is_tagged = !sqlite::tags_of_manifest(connection, manifest.integer(0)).empty();
  const bool is_promised = manifest.time(2) > now;
  const bool is_child = manifest.integer(3) != 0;
  const bool is_used = is_tagged || is_promised || is_child || has_live_subject || is_pinned;
  return is_used ? std::optional(DeletionOutcome::in_use) : std::nullopt;
}

DeletionOutcome delete_one(Connection& connection, const DeleteUnchanged& request, const UnchangedContent& content,
                           DeletedContents& deleted) {
  if (content.tag) {
    const DeleteTagOutcome outcome =
        sqlite::delete_tag(connection, {.repository = request.repository,
                                        .tag = *content.tag,
                                        .limits = {.tags = {}, .protects = request.protects},
                                        .who = request.who,
                                        .now = request.now,
                                        .review_due = request.review_due});
    return std::holds_alternative<TagProtected>(outcome) ? DeletionOutcome::protected_by_tag : DeletionOutcome::deleted;
  }
  const DeleteManifestOutcome outcome = sqlite::delete_manifest(connection, {.repository = request.repository,
                                                                             .digest = content.digest,
                                                                             .who = request.who,
                                                                             .now = request.now,
                                                                             .review_due = request.review_due,
                                                                             .to_trash = request.to_trash});
  if (const auto* gone = std::get_if<ManifestDeleted>(&outcome)) {
    deleted.unlisted_repository = deleted.unlisted_repository || gone->unlisted_repository;
  }
  return DeletionOutcome::deleted;
}

DeletedContents delete_in(Connection& connection, const DeleteUnchanged& request) {
  DeletedContents deleted;
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, request.repository);
  for (const UnchangedContent& content : request.contents) {
    const std::optional<DeletionOutcome> obstacle =
        repository ? obstacle_to(connection, *repository, content, request.now) : DeletionOutcome::changed;
    deleted.outcomes.push_back(obstacle ? *obstacle : delete_one(connection, request, content, deleted));
  }
  return deleted;
}

}  // namespace

SqliteRetentionStore::SqliteRetentionStore(sqlite::ConnectionOptions options, sqlite::Readers& readers,
                                           sqlite::WriteQueue& writer, std::function<bool()> must_end)
    : options_(std::move(options)),
      readers_(readers),
      writer_(writer),
      must_end_(std::move(must_end)),
      pool_("meta-retention", 1, kQueueLimit) {}

Task<std::optional<std::vector<HeldManifest>>> SqliteRetentionStore::held_manifests(RepositoryName repository,
                                                                                    std::size_t limit) {
  return run_blocking(pool_,
                      [this, repository = std::move(repository), limit] { return read_blocking(repository, limit); });
}

std::optional<std::vector<HeldManifest>> SqliteRetentionStore::read_blocking(const RepositoryName& repository,
                                                                             std::size_t limit) {
  if (!connection_) {
    connection_ = std::make_unique<Connection>(options_, sqlite::Access::read_only);
    sqlite3_progress_handler(
        connection_->handle(), kStepsBetweenLooks,
        [](void* self) { return int{static_cast<SqliteRetentionStore*>(self)->must_end_()}; }, this);
  }
  const Snapshot snapshot(*connection_);
  try {
    return read_held(*connection_, repository, limit);
  } catch (const Failure&) {
    if ((sqlite3_errcode(connection_->handle()) & 0xff) != SQLITE_INTERRUPT) throw;
    throw Failure(FailureKind::overloaded, "reading the repository " + repository.text() + " gave way to writes");
  }
}

Task<DeletedContents> SqliteRetentionStore::delete_unchanged(DeleteUnchanged request) {
  return writer_.run(0,
                     [request = std::move(request)](Connection& connection) { return delete_in(connection, request); });
}

Task<> SqliteRetentionStore::put_plan(RetentionPlanRecord plan, std::size_t keep) {
  const std::uint64_t size_bytes = plan.rules.size();
  return writer_.run(size_bytes, [plan = std::move(plan), keep](Connection& connection) {
    connection.change(Statement::put_retention_plan, plan.id, plan.now, plan.made, plan.who,
                      plan.repository ? std::optional(plan.repository->text()) : std::nullopt, plan.rules,
                      std::int64_t{plan.is_configured});
    connection.change(Statement::delete_older_retention_plans, sqlite::limit_and_one(keep) - 2);
  });
}

Task<std::optional<RetentionPlanRecord>> SqliteRetentionStore::find_plan(std::string id) {
  return readers_.run([id = std::move(id)](Connection& connection) -> std::optional<RetentionPlanRecord> {
    Query query = connection.query(Statement::find_retention_plan, id);
    if (!query.step()) return std::nullopt;
    std::optional<RepositoryName> repository;
    if (!query.is_null(4)) repository = sqlite::stored_repository_name(query.bytes(4));
    return RetentionPlanRecord{.id = query.text(0),
                               .now = query.time(1),
                               .made = query.time(2),
                               .who = query.text(3),
                               .repository = std::move(repository),
                               .rules = query.text(5),
                               .is_configured = query.integer(6) != 0};
  });
}

Task<> SqliteRetentionStore::record_pulls(std::vector<PulledManifest> pulls) {
  return writer_.run(0, [pulls = std::move(pulls)](Connection& connection) {
    for (const PulledManifest& pull : pulls) {
      connection.change(Statement::record_manifest_pull, pull.repository.text(), pull.digest, pull.at);
    }
  });
}

}  // namespace berth
