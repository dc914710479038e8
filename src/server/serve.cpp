#include "server/serve.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include "async/run_to_end.h"
#include "base/failure.h"
#include "observe/process_metrics.h"
#include "server/build_api.h"
#include "server/build_collection.h"
#include "server/build_http.h"
#include "server/build_scrub.h"
#include "server/config_reload.h"
#include "server/program.h"
#include "server/service_manager.h"
#include "storage/layout.h"

namespace berth {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kDrainTimeDefault = 10s;

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

}  // namespace

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
