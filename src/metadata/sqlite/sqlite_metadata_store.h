// SqliteMetadataStore: the embedded metadata store. One file, one writer with group commit, a read connection a thread,
// a checkpoint thread. The statements are in statements.cpp, the schema in migrations/.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "async/run_blocking.h"
#include "metadata/metadata_store.h"
#include "metadata/snapshot_store.h"
#include "metadata/sqlite/checkpointer.h"
#include "metadata/sqlite/connection.h"
#include "metadata/sqlite/gate.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/sqlite_account_store.h"
#include "metadata/sqlite/sqlite_adoption_store.h"
#include "metadata/sqlite/sqlite_collection_store.h"
#include "metadata/sqlite/sqlite_job_store.h"
#include "metadata/sqlite/sqlite_link_store.h"
#include "metadata/sqlite/sqlite_pin_store.h"
#include "metadata/sqlite/sqlite_repository_store.h"
#include "metadata/sqlite/sqlite_retention_store.h"
#include "metadata/sqlite/sqlite_scrub_store.h"
#include "metadata/sqlite/sqlite_trash_store.h"
#include "metadata/sqlite/sqlite_usage_store.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

struct SqliteOptions {
  std::string path;                             ///< made if it is not there; its directory must be
  std::size_t reader_count = 2;                 ///< threads, each with a connection
  std::size_t read_queue_limit = 4'096;         ///< reads waiting for a thread; beyond: Failure(overloaded)
  std::size_t write_queue_limit = 4'096;        ///< writes waiting for a commit; beyond: Failure(overloaded)
  std::size_t write_group_limit = 512;          ///< writes of one commit
  std::uint64_t write_group_bytes = 16U << 20;  ///< manifest bytes of one commit, about
  std::uint64_t cache_bytes = 16U << 20;        ///< page cache of each connection
  std::uint64_t mmap_bytes = 0;                 ///< an I/O error on mapped pages is a SIGBUS: off by default
  std::uint64_t wal_limit_bytes = 64U << 20;    ///< see Checkpointer
  std::chrono::milliseconds busy_limit{5'000};  ///< for a lock that another process holds (a backup tool)
  std::chrono::milliseconds checkpoint_hold_limit{
      20};  ///< how long writes are held to wait for reads, before reads are
  std::chrono::milliseconds checkpoint_retry_interval{500};
  std::string vfs_name = {};  ///< SQLite's own if empty; tests put a faulty disk there
};

/// Counts since the start and gauges, for metrics.
struct SqliteStats {
  std::uint64_t commits = 0;
  std::uint64_t committed_requests = 0;
  std::uint64_t failed_commits = 0;
  std::uint64_t steps = 0;  ///< of SQLite's machine, for all reads and writes but retention's long ones
  std::uint64_t wal_bytes = 0;
  std::uint64_t wal_restarts = 0;
  std::uint64_t failed_checkpoints = 0;
  std::size_t queued_writes = 0;
  std::size_t queued_reads = 0;
};

/// Threading: any loop. Reads and writes never run on the caller's thread.
/// Lifetime:  must outlive the loops that wait for it. The caller holds the lock that keeps other processes away.
/// Crash:     see MetadataStore; opening needs nothing but SQLite's own recovery of the log.
class SqliteMetadataStore final : public MetadataStore, public SnapshotStore {
 public:
  /// Opens and migrates. Throws Failure(metadata) with one line: not a database of ours, from a newer Berth,
  /// unreadable.
  explicit SqliteMetadataStore(SqliteOptions options);
  ~SqliteMetadataStore() override;

  Task<std::optional<std::string>> registry_id() override;
  Task<> set_registry_id(std::string id) override;
  Task<bool> is_read_only() override;
  Task<> set_read_only(bool is_on) override;

  Task<std::optional<BlobLink>> find_blob(RepositoryName repository, Digest digest) override;
  Task<std::optional<ManifestRecord>> find_manifest(RepositoryName repository, Digest digest) override;
  Task<std::optional<ManifestRecord>> find_tagged_manifest(RepositoryName repository, Tag tag) override;
  Task<bool> repository_exists(RepositoryName repository) override;
  Task<std::optional<RepositoryName>> renamed_to(RepositoryName name, WallTime now) override;
  Task<Page<Tag>> list_tags(RepositoryName repository, std::optional<std::string> after, std::size_t limit) override;
  Task<Page<RepositoryName>> list_repositories(std::optional<std::string> after, std::size_t limit) override;
  Task<Page<ReferrerRecord>> list_referrers(RepositoryName repository, Digest subject,
                                            std::optional<std::string> artifact_type, std::optional<Digest> after,
                                            std::size_t limit) override;
  Task<std::vector<TagChange>> tag_history(RepositoryName repository, Tag tag, std::size_t limit) override;

  Task<std::optional<QuotaExceeded>> commit_blob(CommitBlob commit) override;
  Task<MountOutcome> mount_blob(MountBlob mount) override;
  Task<bool> renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) override;
  Task<DeleteBlobOutcome> delete_blob(RepositoryName repository, Digest digest, WallTime now,
                                      WallTime review_due) override;
  Task<> mark_blob_missing(Digest digest) override;
  Task<std::optional<BlobState>> blob_state(Digest digest) override;

  Task<PutManifestOutcome> put_manifest(PutManifest put) override;
  Task<bool> renew_manifest_promise(RepositoryName repository, Digest digest, WallTime promised_until) override;
  Task<DeleteTagOutcome> delete_tag(DeleteTag request) override;
  Task<DeleteManifestOutcome> delete_manifest(DeleteManifest request) override;
  Task<std::vector<ManifestCopy>> pending_manifest_copies(std::size_t limit) override;
  Task<> finish_manifest_copy(std::int64_t queue_id, Digest digest, std::uint64_t size_bytes, WallTime now) override;

  Task<> create_upload(UploadRecord upload) override;
  Task<std::optional<UploadRecord>> find_upload(UploadId id) override;
  Task<std::optional<UploadRecord>> claim_upload(UploadId id, std::string owner, WallTime now) override;
  Task<bool> record_upload_progress(UploadId id, std::uint64_t generation, UploadProgress progress,
                                    WallTime now) override;
  Task<bool> record_upload_expectation(UploadId id, std::uint64_t generation, Digest expected, UploadProgress progress,
                                       WallTime now) override;
  Task<bool> delete_upload(UploadId id) override;
  Task<std::vector<UploadRecord>> list_uploads(WallTime started_before, std::optional<UploadId> after,
                                               std::size_t limit) override;

  Task<std::vector<Review>> due_reviews(WallTime now, std::size_t limit) override;

  /// On a connection and thread of its own.
  Task<> write_snapshot(std::string path) override;

  /// One look through a reader and one empty pass through the writer.
  Task<> check_health() override;

  /// PRAGMA quick_check, table by table, on a connection and thread of its own: to run behind serving. Empty if all is
  /// well, else SQLite's findings (at most 100 a table). Reads of a table pin the log: throws Failure(overloaded) when
  /// that made it four times its limit, Failure(shutting_down) when the store goes or long reads are stopped.
  Task<std::vector<std::string>> check_integrity();
  /// Checks and plans of retention that run, or begin later, end soon. Any thread.
  void stop_long_reads() { is_stopping_ = true; }

  /// The accounts in the same database.
  AccountStore& accounts() { return accounts_; }
  /// The collector's side of it.
  CollectionStore& collection() { return collection_; }
  TrashStore& trash() { return trash_; }
  RepositoryStore& repositories() { return repositories_; }
  /// What a check of the stored bytes asks it.
  ScrubStore& scrub() { return scrub_; }
  RetentionStore& retention() { return retention_; }
  JobStore& jobs() { return jobs_; }
  PinStore& pins() { return pins_; }
  /// What is taken over from Distribution's link files, and given back to them.
  AdoptionStore& adoption() { return adoption_; }
  LinkStore& links() { return links_; }
  /// What is charged to quotas, and what repositories hold.
  UsageStore& usage() { return usage_; }

  /// Threading: any thread.
  SqliteStats stats() const;

 private:
  template <class Work>
  auto read(Work work) {
    return readers_.run(std::move(work));
  }
  template <class Work>
  auto write(Work work) {
    return writer_.run(0, std::move(work));
  }

  sqlite::ConnectionOptions serving_connection_options();
  sqlite::ConnectionOptions writing_connection_options();
  std::vector<std::string> check_integrity_blocking();

  // Fixed after construction.
  const SqliteOptions options_;
  std::atomic<bool> is_stopping_{false};
  sqlite::KeptScopes scopes_;  ///< fixed once keep_scopes() has come back
  std::atomic<std::uint64_t> steps_{0};
  std::atomic<bool> follows_links_{false};  ///< the writer queues changes for the link tree
  sqlite::Gate write_gate_;
  sqlite::Gate read_gate_;
  // In this order: the writer tells the checkpointer.
  sqlite::Checkpointer checkpointer_;
  sqlite::WriteQueue writer_;
  sqlite::Readers readers_;
  SqliteAccountStore accounts_{readers_, writer_};
  SqliteCollectionStore collection_{readers_, writer_};
  SqliteTrashStore trash_{readers_, writer_};
  SqliteRepositoryStore repositories_{readers_, writer_};
  SqliteScrubStore scrub_{readers_, writer_};
  SqliteRetentionStore retention_;
  SqliteJobStore jobs_{readers_, writer_};
  SqlitePinStore pins_{readers_, writer_};
  SqliteAdoptionStore adoption_{readers_, writer_};
  SqliteLinkStore links_{readers_, writer_, follows_links_};
  SqliteUsageStore usage_{readers_, writer_, scopes_};
  BlockingPool check_pool_;
  BlockingPool snapshot_pool_;
};

}  // namespace berth
