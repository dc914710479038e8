// Program: the running server, put together. serve.cpp makes it and has its life, program_jobs.cpp what runs beside
// requests.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/admin/admin_parts.h"
#include "api/api.h"
#include "async/key_lock.h"
#include "cluster/local/local_budgets.h"
#include "http/server.h"
#include "lifecycle/collection_desk.h"
#include "lifecycle/collector.h"
#include "lifecycle/manifest_copier.h"
#include "lifecycle/periodic_job.h"
#include "lifecycle/quota_metrics.h"
#include "lifecycle/retention_desk.h"
#include "lifecycle/retention_engine.h"
#include "lifecycle/scrub_desk.h"
#include "lifecycle/scrubber.h"
#include "lifecycle/upload_reaper.h"
#include "lifecycle/usage_report.h"
#include "metadata/change_counting_adoption_store.h"
#include "metadata/change_counting_collection_store.h"
#include "metadata/change_counting_repository_store.h"
#include "metadata/change_counting_retention_store.h"
#include "metadata/change_counting_store.h"
#include "metadata/change_counting_trash_store.h"
#include "metadata/change_numbers.h"
#include "migration/snapshot_keeper.h"
#include "observe/access_log.h"
#include "observe/health.h"
#include "registry/alias_book.h"
#include "registry/manage_repository.h"
#include "registry/pull_times.h"
#include "registry/registry.h"
#include "registry/removal_holds.h"
#include "registry/undo_change.h"
#include "server/access.h"
#include "server/build_migration.h"
#include "server/build_retention.h"
#include "server/build_stores.h"
#include "server/config.h"
#include "server/control_socket.h"
#include "server/file_watch.h"
#include "server/health_checks.h"

namespace berth {

/// The running program. Members are in the order in which they need each other; what is destroyed last stands first.
class Program {
 public:
  Program(const ServerConfig& config, Log& log);
  int run();

 private:
  CollectorOptions collector_options(const ServerConfig& config) const;
  void start_jobs();
  void await_signal();
  void on_signal(int signal);
  void reload();
  Task<> finish_reload(PolicySource rules);
  Task<> copy_manifests();
  Task<> adopt();
  Task<> write_links();
  Task<> compare_restored();
  Task<> make_snapshot();
  Task<std::string> adopt_as(JobRun& run);
  std::unique_ptr<Migration> make_migration();
  bool may_remove() const;
  std::string held_because() const;
  Task<> purge_uploads();
  Task<std::string> purge_uploads_as(JobRun& run);
  std::chrono::milliseconds wait_for_retention() const;
  void write_what_is_noted();
  Task<> collect_garbage();
  Task<> apply_retention();
  Task<> scrub();
  Task<> watch_certificates();
  Task<> warn_of_certificates();
  Task<> watch_users();
  Task<> rotate_token_keys();

  // Fixed after construction.
  const ServerConfig& config_;
  Log& log_;
  SystemClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  Health health_;
  KeyLock digest_locks_;
  KeyLock upload_locks_;
  RemovalHolds holds_;
  std::unique_ptr<AccessLog> access_log_;
  std::unique_ptr<OpenStores> stores_;
  ChangeNumbers changes_;
  ChangeCountingStore metadata_;
  ChangeCountingCollectionStore collection_store_;
  ChangeCountingTrashStore trash_;
  ChangeCountingRepositoryStore repositories_;
  AliasBook aliases_;
  Registry registry_;
  Access access_;
  // Main thread only, but for the desks, which hand over.
  boost::asio::io_context loop_{1};
  Jobs job_rows_;
  Collector collector_;
  CollectionDesk collection_;
  const CollectionParts collection_parts_{.desk = collection_, .store = collection_store_};
  UndoChange undo_;
  const TrashParts trash_parts_{.store = trash_, .metadata = metadata_, .undo = undo_};
  ManageRepository manage_repository_;
  const RepositoryParts repository_parts_;
  PinManifest pins_;
  const ReadOnlyParts read_only_parts_{.mode = registry_.read_only, .metadata = metadata_};
  Scrubber scrubber_;
  ScrubDesk scrub_;
  ManifestCopier copier_;
  std::optional<ChangeCountingAdoptionStore> adoption_store_;  ///< nothing: no volume can be adopted
  std::unique_ptr<Migration> migration_;                       ///< null: the same
  std::optional<SnapshotKeeper> snapshots_;                    ///< nothing: no copies are made
  std::optional<RemovalHolds::Hold> restored_;                 ///< until rows and files were compared
  ChangeCountingRetentionStore retention_store_;
  PullTimes pulls_;
  RetentionEngine retention_engine_;
  RetentionDesk retention_;
  UsageReporter usage_;
  QuotaMetrics quota_metrics_;
  const AdminParts admin_;
  std::unique_ptr<Budgets> budgets_;  ///< null: nothing is limited
  Api api_;
  DebugApi debug_api_;
  UploadReaper reaper_;
  FileWatch certificates_;
  // Main thread only.
  bool is_stopping_ = false;
  boost::asio::signal_set signals_{loop_, SIGTERM, SIGINT, SIGHUP};
  std::unique_ptr<HealthChecks> health_checks_;
  std::vector<std::unique_ptr<PeriodicJob>> jobs_;
  http::Server public_;
  std::optional<http::Server> debug_;
  std::optional<ControlSocket> control_;
};

}  // namespace berth
