#include "server/serve.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "api/admin/admin_parts.h"
#include "api/api.h"
#include "async/key_lock.h"
#include "async/run_to_end.h"
#include "base/failure.h"
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
#include "observe/process_metrics.h"
#include "registry/alias_book.h"
#include "registry/manage_repository.h"
#include "registry/pull_times.h"
#include "registry/registry.h"
#include "registry/removal_holds.h"
#include "registry/undo_change.h"
#include "server/access.h"
#include "server/build_api.h"
#include "server/build_collection.h"
#include "server/build_http.h"
#include "server/build_migration.h"
#include "server/build_retention.h"
#include "server/build_scrub.h"
#include "server/build_stores.h"
#include "server/config.h"
#include "server/config_reload.h"
#include "server/control_socket.h"
#include "server/file_watch.h"
#include "server/health_checks.h"
#include "server/service_manager.h"
#include "storage/layout.h"

namespace berth {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kDrainTimeDefault = 10s;
constexpr std::chrono::milliseconds kManifestCopyInterval = 1s;
constexpr std::chrono::milliseconds kLinkInterval = 1s;
// A round that ended has nothing left to do; one that failed comes again sooner.
constexpr std::chrono::milliseconds kAdoptionRetry = 1min;
constexpr std::chrono::milliseconds kCertificateWatchInterval = 5s;
constexpr std::chrono::milliseconds kCertificateWarningInterval = 24h;
constexpr std::chrono::milliseconds kKeyRotationInterval = 10min;
// How long somebody who was taken out of a file of users may still be let in.
constexpr std::chrono::milliseconds kUserWatchInterval = 1s;
// Late enough that a start under load is not slowed down, soon enough that what a crash left goes the same hour.
constexpr std::chrono::milliseconds kFirstUploadPurge = 1min;
constexpr std::chrono::milliseconds kFirstCollection = 10s;
constexpr std::chrono::milliseconds kScrubRound = 1min;
// Rows of jobs are written no more often than this.
constexpr std::chrono::milliseconds kJobRowInterval = 1s;
constexpr std::chrono::milliseconds kQuotaMetricsInterval = 15s;

// As many descriptors as the kernel allows us: each connection and each blob on its way is one.
void raise_descriptor_limit(Log& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log.warn("the limit of open files cannot be raised");
}

UploadReaperOptions reaper_options(const UploadPurgingConfig& config, std::function<bool()> may_remove) {
  UploadReaperOptions options;
  options.may_remove = std::move(may_remove);
  options.age = std::chrono::duration_cast<std::chrono::seconds>(config.age);
  options.is_dry_run = config.is_dry_run;
  // With a purging age below an hour (tests, small disks) orphans need not lie longer than uploads do.
  options.orphan_age = std::min(options.orphan_age, options.age);
  return options;
}

HealthCheckOptions health_options(const ServerConfig& config) {
  HealthCheckOptions options;
  if (config.health.storage_driver.is_enabled) {
    const bool on_disk = config.storage.driver == StorageDriver::filesystem;
    options.storage = StorageCheck{.name = on_disk ? "storagedriver_filesystem" : "storagedriver_inmemory",
                                   .interval = config.health.storage_driver.interval,
                                   .threshold = config.health.storage_driver.threshold};
  }
  for (const FileHealthConfig& file : config.health.files) {
    options.files.push_back({.file = file.file, .interval = file.interval});
  }
  for (const TcpHealthConfig& tcp : config.health.tcp) {
    options.tcp.push_back(
        {.address = tcp.address, .timeout = tcp.timeout, .interval = tcp.interval, .threshold = tcp.threshold});
  }
  return options;
}

std::vector<std::string> tls_files(const TlsConfig& tls) {
  std::vector<std::string> files = tls.client_cas;
  if (tls.is_enabled()) {
    files.push_back(tls.certificate);
    files.push_back(tls.key);
  }
  for (const http::CertificateFiles& each : tls.certificates) {
    files.push_back(each.certificate_file);
    files.push_back(each.key_file);
  }
  return files;
}

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

Program::Program(const ServerConfig& config, Log& log)
    : config_(config),
      log_(log),
      access_log_(config.log.is_access_log_disabled
                      ? nullptr
                      : std::make_unique<AccessLog>(AccessLogOptions{.format = config.log.formatter}, metrics_)),
      stores_(open_stores(config, clock_, entropy_, log, metrics_)),
      metadata_(stores_->metadata(), changes_),
      collection_store_(stores_->collection(), changes_),
      trash_(stores_->trash(), changes_),
      repositories_(stores_->repositories(), changes_),
      aliases_(repositories_, clock_),
      registry_({.stores = {.blobs = stores_->blobs(), .uploads = stores_->uploads(), .metadata = metadata_},
                 .locks = {.digests = digest_locks_, .uploads = upload_locks_},
                 .disk = stores_->disk(),
                 .clock = clock_,
                 .entropy = entropy_,
                 .log = log,
                 .instance_id = random_uuid(entropy_),
                 .usage = &stores_->usage()},
                build_policy(config)),
      access_(config, stores_->root(), stores_->accounts(), clock_, entropy_, log, metrics_),
      job_rows_(stores_->jobs(), clock_, metrics_),
      collector_({.blobs = stores_->blobs(), .metadata = metadata_, .collection = collection_store_, .trash = trash_},
                 digest_locks_, clock_, log, collector_options(config)),
      collection_(loop_.get_executor(), collector_, stores_->blobs(), trash_, clock_, log, metrics_,
                  job_rows_.collection,
                  build_collection_desk_options(config, registry_.read_only, [this] { return held_because(); })),
      undo_(metadata_, trash_, registry_.push_manifest, registry_.delete_content, clock_, registry_.policy,
            registry_.read_only),
      manage_repository_({.metadata = metadata_,
                          .repositories = repositories_,
                          .trash = trash_,
                          .aliases = aliases_,
                          .undo = undo_,
                          .read_only = registry_.read_only,
                          .clock = clock_},
                         registry_.policy),
      repository_parts_{.manage = manage_repository_, .keep_aliases = config.aliases.keep},
      pins_(metadata_, stores_->pins(), clock_, registry_.policy, registry_.read_only),
      scrubber_({.blobs = stores_->blobs(),
                 .files = stores_->files(),
                 .metadata = metadata_,
                 .scrub = stores_->scrub(),
                 .digest_locks = digest_locks_,
                 .disk = stores_->disk(),
                 .clock = clock_,
                 .log = log},
                build_scrubber_options(config, registry_.read_only, [this] { return may_remove(); })),
      scrub_(loop_.get_executor(), scrubber_, clock_, log, metrics_, job_rows_.scrub,
             build_scrub_desk_options(config, registry_.read_only)),
      copier_(stores_->blobs(), metadata_, digest_locks_, clock_),
      migration_(make_migration()),
      retention_store_(stores_->retention(), changes_),
      pulls_(retention_store_, clock_, metrics_, {.counts_head = config.pull_times.counts_head}),
      retention_engine_({.metadata = metadata_,
                         .retention = retention_store_,
                         .workers = stores_->disk(),
                         .clock = clock_,
                         .log = log,
                         .metrics = metrics_,
                         .access = [this] { return access_.policy(); }},
                        build_retention_engine_options(config)),
      retention_(loop_.get_executor(), retention_engine_, retention_store_, clock_, log, job_rows_.retention,
                 build_retention_desk_options(registry_.read_only)),
      usage_(stores_->usage(), registry_.policy.quotas, clock_),
      quota_metrics_(usage_, metrics_),
      admin_{.accounts = access_.accounts(),
             .collection = &collection_parts_,
             .trash = &trash_parts_,
             .scrub = &scrub_,
             .repositories = &repository_parts_,
             .read_only = &read_only_parts_,
             .pins = &pins_,
             .retention = &retention_,
             .jobs = &job_rows_.book,
             .usage = &usage_,
             .adoption = migration_ ? &migration_->adoption : nullptr,
             .exports = migration_ ? &migration_->exports : nullptr,
             .backups = migration_ ? &migration_->backups : nullptr,
             .transfers = migration_ ? &migration_->transfers : nullptr},
      budgets_(config.rate_limits.is_on()
                   ? std::make_unique<LocalBudgets>(config.rate_limits.owner_count, clock_, entropy_, metrics_)
                   : nullptr),
      api_(registry_, changes_, {.control = access_.control(), .tokens = access_.tokens()}, build_api_options(config),
           health_, clock_, log, metrics_,
           {.admin = &admin_,
            .budgets = budgets_.get(),
            .aliases = &aliases_,
            .pulls = config.pull_times.is_enabled ? &pulls_ : nullptr,
            .repositories = migration_ ? &migration_->adoption : nullptr}),
      debug_api_(health_, metrics_, build_debug_api_options(config)),
      reaper_(stores_->blobs(), stores_->uploads(), metadata_, digest_locks_, upload_locks_, clock_, log,
              reaper_options(config.storage.upload_purging, [this] { return may_remove(); })),
      certificates_(tls_files(config.http.tls)),
      public_(build_public_options(config.http, take_inherited_sockets()), api_.handler(),
              build_access_sink(access_log_.get(), clock_), log, metrics_, api_.quick_handler()) {
  registry_.read_only.switch_to(run_to_end(metadata_.is_read_only()));
  if (registry_.read_only.is_on()) log.warn("the registry is read-only");
  run_to_end(aliases_.load());
  if (migration_) run_to_end(migration_->adoption.prepare());
  if (stores_->snapshots() != nullptr && config.metadata.snapshots.interval.count() > 0) {
    snapshots_.emplace(*stores_->snapshots(), stores_->disk(), clock_,
                       SnapshotKeeperOptions{.directory = stores_->root() + "/" + std::string(layout::kSnapshots),
                                             .interval = config.metadata.snapshots.interval,
                                             .keep = config.metadata.snapshots.keep});
  }
  if (run_to_end(stores_->scrub().must_compare())) {
    restored_.emplace(holds_, "nothing is removed until the restored rows and files were compared");
  }
  metrics_.gauge_from("berth_read_only", "1 while the registry refuses changes.",
                      [this] { return registry_.read_only.is_on() ? 1.0 : 0.0; });
  retention_.set_rules(config.retention.rules);
  run_to_end(job_rows_.book.load());
  if (!config.http.debug.address.empty()) {
    add_process_metrics(metrics_);
    debug_.emplace(
        build_debug_options(config.http), debug_api_.handler(), [](const http::AccessRecord&) {}, log, metrics_);
  }
}

CollectorOptions Program::collector_options(const ServerConfig& config) const {
  CollectorOptions options = build_collector_options(config);
  options.may_remove = [this] {
    return registry_.promises.may_remove() && holds_.may_remove() && (!migration_ || migration_->adoption.may_remove());
  };
  options.courtesy = {.request_time = [this] { return public_.busy_time(); }, .percent = config.gc.busy_percent};
  return options;
}

std::unique_ptr<Migration> Program::make_migration() {
  if (stores_->adoption() == nullptr) return nullptr;
  adoption_store_.emplace(*stores_->adoption(), changes_);
  return std::make_unique<Migration>(loop_.get_executor(),
                                     MigrationWorld{.tree = *stores_->link_tree(),
                                                    .adoption = *adoption_store_,
                                                    .links = *stores_->links(),
                                                    .stores = *stores_,
                                                    .metadata = metadata_,
                                                    .registry = registry_,
                                                    .holds = holds_,
                                                    .digest_locks = digest_locks_,
                                                    .clock = clock_,
                                                    .log = log_,
                                                    .metrics = metrics_,
                                                    .health = health_,
                                                    .copy_manifests = [this] { return copy_manifests(); }},
                                     config_);
}

bool Program::may_remove() const {
  return registry_.promises.may_remove() && holds_.may_remove() && (!migration_ || migration_->adoption.may_remove());
}

std::string Program::held_because() const {
  std::string why = holds_.reason();
  return why.empty() && migration_ ? migration_->adoption.reason() : why;
}

int Program::run() {
  public_.start();
  std::vector<std::string> addresses = public_.bound_addresses();
  for (const std::string& address : addresses) {
    log_.info(fmt::format("listening on {}{}", address, config_.http.tls.is_enabled() ? ", tls" : ""));
  }
  if (debug_) {
    debug_->start();
    for (const std::string& address : debug_->bound_addresses()) {
      log_.info(fmt::format("debug server listening on {}", address));
    }
  }
  if (!stores_->root().empty()) {
    const std::string path = stores_->root() + "/" + std::string(layout::kControlSocket);
    control_.emplace(
        path,
        ServerFacts{.registry_id = stores_->registry_id(),
                    .root = stores_->root(),
                    .addresses = std::move(addresses),
                    .started = clock_.now()},
        [this] { boost::asio::post(loop_, [this] { reload(); }); }, admin_, clock_, health_, log_, metrics_);
    control_->start();
  }
  start_jobs();
  await_signal();
  notify_service_manager("READY=1");
  loop_.run();  // until a signal has stopped the jobs

  // From here a second signal ends the process at once, as people who press it twice expect.
  const std::chrono::milliseconds limit = config_.http.drain_timeout.value_or(kDrainTimeDefault);
  log_.info("draining connections", {{"limit_ms", limit.count()}});
  const bool all_ended = public_.drain(limit);
  if (debug_) debug_->drain(0ms);
  if (control_) control_->stop();
  write_what_is_noted();
  log_.info("stopped", {{"cut_off_requests", !all_ended}});
  return 0;
}

void Program::start_jobs() {
  const auto add = [this](PeriodicJobOptions options, std::function<Task<>()> round) {
    options.clock = &clock_;
    Job* const job = options.job;
    jobs_.push_back(std::make_unique<PeriodicJob>(loop_.get_executor(), std::move(options), std::move(round), log_));
    if (job == nullptr) return;
    job->set_starter([this, periodic = jobs_.back().get()]() -> Result<void> {
      boost::asio::post(loop_, [periodic] { periodic->wake(); });
      return {};
    });
  };
  health_checks_ = std::make_unique<HealthChecks>(loop_.get_executor(), health_options(config_), stores_->blobs(),
                                                  metadata_, health_, log_);
  add({.name = "manifest copies", .interval = kManifestCopyInterval}, [this] { return copy_manifests(); });
  if (migration_ && !migration_->adoption.is_complete()) {
    add({.name = "adoption", .interval = kAdoptionRetry, .job = &job_rows_.adoption}, [this] { return adopt(); });
  }
  if (snapshots_) {
    add({.name = "metadata snapshot", .wait = [this] { return snapshots_->wait(); }, .job = &job_rows_.snapshot},
        [this] { return make_snapshot(); });
  }
  if (restored_) {
    add({.name = "comparison after restore", .interval = kAdoptionRetry, .job = &job_rows_.scrub},
        [this] { return compare_restored(); });
  }
  if (migration_) {
    add({.name = "link tree", .first_after = kLinkInterval, .interval = kLinkInterval},
        [this] { return write_links(); });
  }
  if (config_.gc.is_enabled && !config_.storage.is_read_only) {
    const auto interval = config_.gc.interval;
    add({.name = "garbage collection",
         .first_after = std::min(kFirstCollection, interval),
         .interval = interval,
         .job = &job_rows_.collection},
        [this] { return collect_garbage(); });
  }
  if (config_.scrub.is_enabled) {
    const std::chrono::milliseconds round = std::min<std::chrono::milliseconds>(kScrubRound, config_.scrub.interval);
    add({.name = "scrub", .first_after = round, .interval = round, .job = &job_rows_.scrub},
        [this] { return scrub(); });
  }
  if (!config_.quotas.empty()) {
    add({.name = "quota metrics", .interval = kQuotaMetricsInterval}, [this] { return quota_metrics_.refresh(); });
  }
  if (config_.storage.upload_purging.is_enabled) {
    const auto interval = config_.storage.upload_purging.interval;
    add({.name = "upload purge",
         .first_after = std::min(kFirstUploadPurge, interval),
         .interval = interval,
         .job = &job_rows_.upload_purge},
        [this] { return purge_uploads(); });
  }
  if (config_.retention.schedule && !config_.storage.is_read_only) {
    add({.name = "retention", .wait = [this] { return wait_for_retention(); }, .job = &job_rows_.retention},
        [this] { return apply_retention(); });
  }
  if (config_.pull_times.is_enabled) {
    const auto resolution = config_.pull_times.resolution;
    add({.name = "pull times", .first_after = resolution, .interval = resolution}, [this] { return pulls_.flush(); });
    pulls_.set_waker(
        [this, periodic = jobs_.back().get()] { boost::asio::post(loop_, [periodic] { periodic->wake(); }); });
  }
  add({.name = "job rows", .first_after = kJobRowInterval, .interval = kJobRowInterval},
      [this] { return job_rows_.book.flush(); });
  if (access_.watches_files()) {
    add({.name = "user file watch", .first_after = kUserWatchInterval, .interval = kUserWatchInterval},
        [this] { return watch_users(); });
  }
  if (access_.tokens() != nullptr) {
    add({.name = "token keys", .first_after = kKeyRotationInterval, .interval = kKeyRotationInterval},
        [this] { return rotate_token_keys(); });
  }
  if (config_.http.tls.is_enabled()) {
    add({.name = "certificate watch", .first_after = kCertificateWatchInterval, .interval = kCertificateWatchInterval},
        [this] { return watch_certificates(); });
    // The start has warned already.
    add({.name = "certificate expiry",
         .first_after = kCertificateWarningInterval,
         .interval = kCertificateWarningInterval},
        [this] { return warn_of_certificates(); });
  }
}

void Program::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& cancelled, int signal) {
    if (!cancelled) on_signal(signal);
  });
}

void Program::on_signal(int signal) {
  if (signal == SIGHUP) {
    notify_service_manager("RELOADING=1");
    reload();
    notify_service_manager("READY=1");
    await_signal();
    return;
  }
  notify_service_manager("STOPPING=1");
  is_stopping_ = true;
  collection_.stop();
  scrub_.stop();
  retention_.stop();
  if (migration_) {
    migration_->adoption.stop();
    migration_->exports.stop();
    migration_->backups.stop();
    migration_->transfers.stop();
  }
  for (const auto& job : jobs_) job->stop();
  health_checks_->stop();
  boost::system::error_code ignored;
  signals_.clear(ignored);
}

void Program::reload() {
  try {
    const ServerConfig fresh = read_config_again(config_, log_);
    log_.set_level(fresh.log.level);
    if (config_.http.tls.is_enabled()) public_.reload_tls();
    retention_.set_rules(fresh.retention.rules);
    boost::asio::co_spawn(loop_, finish_reload(fresh.access.policy_source()), boost::asio::detached);
  } catch (const std::exception& error) {
    log_.error("reload failed, everything stays as it was", {{"error", error.what()}});
  }
}

Task<> Program::finish_reload(PolicySource rules) {
  try {
    co_await access_.set_rules(std::move(rules));
    log_.info("reloaded", {{"tls", config_.http.tls.is_enabled()}});
  } catch (const std::exception& error) {
    log_.error("reload failed, the rules stay as they were", {{"error", error.what()}});
  }
}

Task<> Program::copy_manifests() {
  co_await copier_.run();
}

Task<> Program::adopt() {
  if (migration_->adoption.is_complete()) co_return;
  co_await job_rows_.adoption.run([this](JobRun& run) { return adopt_as(run); });
}

Task<std::string> Program::adopt_as(JobRun& run) {
  AdoptionDesk& desk = migration_->adoption;
  co_await desk.run([&run] { return run.should_stop(); },
                    [&run](std::uint64_t done, std::uint64_t total) { run.set_progress(done, total); });
  if (!desk.is_complete()) run.cut_short();
  co_return desk.is_complete() ? "everything is read" : "not everything is read yet";
}

Task<> Program::make_snapshot() {
  co_await job_rows_.snapshot.run([this](JobRun&) { return snapshots_->make(); });
}

Task<> Program::compare_restored() {
  if (!restored_) co_return;
  const bool is_done = co_await scrub_.compare();
  if (!is_done) co_return;
  co_await stores_->scrub().set_must_compare(false);
  restored_.reset();
}

Task<> Program::write_links() {
  co_await migration_->exports.begin_following(*stores_->links());
  if (migration_->adoption.follows_links()) co_await migration_->exports.write_queue();
}

Task<> Program::purge_uploads() {
  co_await job_rows_.upload_purge.run([this](JobRun& run) { return purge_uploads_as(run); });
}

Task<std::string> Program::purge_uploads_as(JobRun& run) {
  const UploadReaperReport report = co_await reaper_.run([this, &run] { return is_stopping_ || run.should_stop(); });
  if (report.was_stopped) run.cut_short();
  const std::size_t files = report.orphaned_files + report.stale_temporaries + report.unfinished_blobs;
  co_return fmt::format("removed {} uploads and {} files without one", report.expired_uploads, files);
}

std::chrono::milliseconds Program::wait_for_retention() const {
  const WallTime now = clock_.now();
  const WallTime next = config_.retention.schedule->next_after(now, job_rows_.book.find("retention")->started);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return std::clamp<std::chrono::milliseconds>(wait, 0ms, std::chrono::hours(24 * 366));
}

void Program::write_what_is_noted() {
  try {
    run_to_end(job_rows_.book.flush());
    run_to_end(pulls_.flush());
    // So that another registry can begin where this one ended.
    if (migration_ && migration_->adoption.follows_links()) run_to_end(migration_->exports.write_last());
  } catch (const std::exception& error) {
    log_.warn("the rows of jobs, times of pulls and links could not be written", {{"reason", error.what()}});
  }
}

// What is half read is no repository yet: a rule that counts would count wrong.
Task<> Program::apply_retention() {
  if (migration_ && !migration_->adoption.is_complete()) co_return;
  co_await retention_.run_round();
}

Task<> Program::collect_garbage() {
  co_await collection_.run_round();
}

Task<> Program::scrub() {
  co_await scrub_.run_round();
}

Task<> Program::warn_of_certificates() {
  public_.warn_of_expiry();
  co_return;
}

Task<> Program::watch_users() {
  co_await access_.look_again();
}

Task<> Program::rotate_token_keys() {
  co_await access_.rotate_keys();
}

Task<> Program::watch_certificates() {
  if (certificates_.has_changed()) reload();
  co_return;
}

}  // namespace

int serve(const ServerConfig& config, const std::vector<std::string>& warnings) {
  const std::unique_ptr<Log> log =
      make_log({.level = config.log.level, .format = config.log.formatter, .fields = config.log.fields});
  try {
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit(*log);
    for (const std::string& warning : warnings) log->warn(warning);
    Program program(config, *log);
    return program.run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

}  // namespace berth
