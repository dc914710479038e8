#include "server/build_stores.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "async/run_blocking.h"
#include "async/run_to_end.h"
#include "base/failure.h"
#include "metadata/memory/memory_account_store.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/sqlite/sqlite_snapshot.h"
#include "server/build_api.h"
#include "server/file_system_kind.h"
#include "server/identity.h"
#include "server/lock_file.h"
#include "storage/filesystem/filesystem_storage.h"
#include "storage/layout.h"
#include "storage/measured_storage.h"
#include "storage/memory/memory_storage.h"

namespace berth {

namespace {

// Threads mostly wait for fsync, and a disk takes several at once: measured 2,600 small files/s from one thread, 4,500
// from eight.
constexpr std::size_t kLeastDiskThreads = 16;

std::size_t disk_thread_count(const ServerConfig& config) {
  if (config.pools.disk.thread_count > 0) return config.pools.disk.thread_count;
  const std::size_t wanted =
      std::max<std::size_t>(kLeastDiskThreads, std::size_t{4} * std::thread::hardware_concurrency());
  return std::min<std::size_t>(wanted, config.storage.filesystem.max_threads);
}

void sync_directory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    throw failure_from_errno(FailureKind::storage, "cannot sync " + path, errno);
  }
}

// The metadata and the control socket lie there: nobody else's to read.
void make_private_directory(const std::string& root) {
  const std::string path = root + "/berth";
  if (::mkdir(path.c_str(), 0700) == 0) {
    sync_directory(root);
  } else if (errno != EEXIST) {
    throw failure_from_errno(FailureKind::storage, "cannot make " + path, errno);
  }
}

std::string without_end_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

SqliteOptions sqlite_options(const ServerConfig& config, const std::string& root) {
  SqliteOptions options;
  const SqliteConfig& sqlite = config.metadata.sqlite;
  options.path = sqlite.path.empty() ? root + "/" + std::string(layout::kMetadata) : sqlite.path;
  options.reader_count =
      sqlite.reader_count > 0 ? sqlite.reader_count : std::max(1U, std::thread::hardware_concurrency());
  options.read_queue_limit = config.pools.database.queue_limit;
  options.write_queue_limit = config.pools.database.queue_limit;
  options.cache_bytes = sqlite.cache_bytes;
  options.wal_limit_bytes = sqlite.wal_bytes;
  return options;
}

class DiskStores final : public OpenStores {
 public:
  DiskStores(const ServerConfig& config, const Clock& clock, Entropy& entropy, Log& log, Metrics& metrics)
      : root_(without_end_slash(config.storage.filesystem.root_directory)),
        disk_("disk", disk_thread_count(config), config.pools.disk.queue_limit),
        storage_({.root = root_, .direct_from_bytes = config.storage.filesystem.direct_from_bytes}, disk_, entropy),
        actions_(metrics, "filesystem"),
        blobs_(storage_.blobs(), actions_, clock),
        uploads_(storage_.uploads(), actions_, clock) {
    make_private_directory(root_);
    lock_.emplace(root_ + "/" + std::string(layout::kLock));
    const SqliteOptions options = sqlite_options(config, root_);
    refuse_network_file_system(std::filesystem::path(options.path).parent_path());
    // SQLite removes its log when it is closed in order.
    const bool was_cut_off = std::filesystem::exists(options.path + "-wal");
    metadata_.emplace(options);
    // SQLite syncs the directory of its log; that the directory itself is there is ours.
    sync_directory(root_);
    registry_id_ = run_to_end(
        establish_identity({storage_.identity(), *metadata_, &metadata_->adoption()}, entropy, clock.now(), root_));
    keep_quotas(config, clock, log);
    if (was_cut_off) check_behind_serving(log);
    add_metrics(metrics);
  }

  BlobStore& blobs() override { return blobs_; }
  BlobFiles& files() override { return storage_.files(); }
  BlobUploads& uploads() override { return uploads_; }
  MetadataStore& metadata() override { return *metadata_; }
  AccountStore& accounts() override { return metadata_->accounts(); }
  CollectionStore& collection() override { return metadata_->collection(); }
  TrashStore& trash() override { return metadata_->trash(); }
  RepositoryStore& repositories() override { return metadata_->repositories(); }
  ScrubStore& scrub() override { return metadata_->scrub(); }
  RetentionStore& retention() override { return metadata_->retention(); }
  JobStore& jobs() override { return metadata_->jobs(); }
  PinStore& pins() override { return metadata_->pins(); }
  AdoptionStore* adoption() override { return &metadata_->adoption(); }
  LinkStore* links() override { return &metadata_->links(); }
  LinkTree* link_tree() override { return &storage_.links(); }
  SnapshotStore* snapshots() override { return &*metadata_; }
  UsageStore& usage() override { return metadata_->usage(); }
  BlockingPool& disk() override { return disk_; }
  const std::string& registry_id() const override { return registry_id_; }
  const std::string& root() const override { return root_; }

 private:
  // Before anything is written, which is charged to them then.
  void keep_quotas(const ServerConfig& config, const Clock& clock, Log& log) {
    const MonotonicTime began = clock.monotonic();
    const std::size_t counted = run_to_end(metadata_->usage().keep_scopes(build_quotas(config).scopes()));
    if (counted == 0) return;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.monotonic() - began);
    log.info("counted what new quotas are charged", {{"quotas", std::uint64_t{counted}}, {"ms", took.count()}});
  }

  void add_metrics(Metrics& metrics) {
    metrics.gauge_from("berth_disk_queue_jobs", "Jobs waiting for a thread of the disk pool.",
                       [this] { return static_cast<double>(disk_.queued()); });
    const auto stat = [this](auto SqliteStats::* member) {
      return [this, member] { return static_cast<double>(metadata_->stats().*member); };
    };
    metrics.counter_from("berth_metadata_commits_total", "Commits of the metadata database.",
                         stat(&SqliteStats::commits));
    metrics.counter_from("berth_metadata_committed_requests_total", "Writes that these commits carried.",
                         stat(&SqliteStats::committed_requests));
    metrics.counter_from("berth_metadata_failed_commits_total", "Commits that failed.",
                         stat(&SqliteStats::failed_commits));
    metrics.counter_from("berth_metadata_sql_steps_total",
                         "Steps of SQLite's machine: work that does not depend on the machine and its load.",
                         stat(&SqliteStats::steps));
    metrics.gauge_from("berth_metadata_wal_bytes", "Size of the write-ahead log.", stat(&SqliteStats::wal_bytes));
    metrics.gauge_from("berth_metadata_queued_writes", "Writes waiting for a commit.",
                       stat(&SqliteStats::queued_writes));
    metrics.gauge_from("berth_metadata_queued_reads", "Reads waiting for a thread.", stat(&SqliteStats::queued_reads));
  }

  // After a crash only SQLite's recovery stands before serving; looking whether all is well runs beside it. The thread
  // is joined before the store goes, be it that its check has not begun yet.
  void check_behind_serving(Log& log) {
    log.info("the last run did not end in order: checking the metadata behind serving");
    checker_ = std::jthread([this, &log](const std::stop_token& stop) {
      const std::stop_callback end_check(stop, [this] { metadata_->stop_long_reads(); });
      try {
        const std::vector<std::string> findings = run_to_end(metadata_->check_integrity());
        for (const std::string& finding : findings) log.error("metadata damaged", {{"finding", finding}});
        if (findings.empty()) log.info("metadata checked, all is well");
      } catch (const std::exception& error) {
        log.warn("metadata check ended early", {{"reason", error.what()}});
      }
    });
  }

  static void refuse_network_file_system(const std::filesystem::path& directory) {
    const std::string place = directory.empty() ? "." : directory.string();
    const auto network = network_file_system_of(place);
    if (!network) return;
    throw Failure(FailureKind::metadata,
                  fmt::format("the metadata database cannot lie in {}, a network file system ({}): "
                              "set metadata.sqlite.path to a file on a local disk",
                              place, *network));
  }

  std::string root_;
  BlockingPool disk_;
  FilesystemStorage storage_;
  StorageActions actions_;
  MeasuredBlobStore blobs_;
  MeasuredBlobUploads uploads_;
  std::optional<LockFile> lock_;  // before the metadata, which it guards
  std::optional<SqliteMetadataStore> metadata_;
  std::string registry_id_;
  std::jthread checker_;  // after the metadata, which it reads
};

class MemoryStores final : public OpenStores {
 public:
  MemoryStores(const ServerConfig& config, const Clock& clock, Entropy& entropy)
      : disk_("disk", 2, config.pools.disk.queue_limit), storage_(clock) {
    registry_id_ =
        run_to_end(establish_identity({storage_.identity(), metadata_, nullptr}, entropy, clock.now(), "memory"));
    run_to_end(metadata_.keep_scopes(build_quotas(config).scopes()));
  }

  BlobStore& blobs() override { return storage_.blobs(); }
  BlobFiles& files() override { return storage_.files(); }
  BlobUploads& uploads() override { return storage_.uploads(); }
  MetadataStore& metadata() override { return metadata_; }
  AccountStore& accounts() override { return accounts_; }
  CollectionStore& collection() override { return metadata_; }
  TrashStore& trash() override { return metadata_; }
  RepositoryStore& repositories() override { return metadata_; }
  ScrubStore& scrub() override { return metadata_; }
  RetentionStore& retention() override { return metadata_; }
  JobStore& jobs() override { return metadata_; }
  PinStore& pins() override { return metadata_; }
  AdoptionStore* adoption() override { return nullptr; }
  LinkStore* links() override { return nullptr; }
  LinkTree* link_tree() override { return nullptr; }
  SnapshotStore* snapshots() override { return nullptr; }
  UsageStore& usage() override { return metadata_; }
  BlockingPool& disk() override { return disk_; }
  const std::string& registry_id() const override { return registry_id_; }
  const std::string& root() const override { return root_; }

 private:
  BlockingPool disk_;  // nothing of ours blocks here; for rules that read stored bytes again
  MemoryStorage storage_;
  MemoryMetadataStore metadata_;
  MemoryAccountStore accounts_;
  std::string registry_id_;
  std::string root_;
};

}  // namespace

std::unique_ptr<MetadataSnapshot> open_snapshot(const std::string& path) {
  return std::make_unique<SqliteSnapshot>(path);
}

std::unique_ptr<OpenStores> open_stores(const ServerConfig& config, const Clock& clock, Entropy& entropy, Log& log,
                                        Metrics& metrics) {
  if (config.storage.driver == StorageDriver::inmemory) return std::make_unique<MemoryStores>(config, clock, entropy);
  return std::make_unique<DiskStores>(config, clock, entropy, log, metrics);
}

}  // namespace berth
