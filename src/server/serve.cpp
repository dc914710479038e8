#include "server/serve.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "api/api.h"
#include "async/key_lock.h"
#include "base/failure.h"
#include "http/server.h"
#include "lifecycle/manifest_copier.h"
#include "lifecycle/periodic_job.h"
#include "lifecycle/upload_reaper.h"
#include "metadata/change_counting_store.h"
#include "metadata/change_numbers.h"
#include "observe/access_log.h"
#include "observe/health.h"
#include "observe/process_metrics.h"
#include "registry/registry.h"
#include "server/build_api.h"
#include "server/build_http.h"
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
constexpr std::chrono::milliseconds kCertificateWatchInterval = 5s;
// Late enough that a start under load is not slowed down, soon enough that what a crash left goes the same hour.
constexpr std::chrono::milliseconds kFirstUploadPurge = 1min;

// As many descriptors as the kernel allows us: each connection and each blob on its way is one.
void raise_descriptor_limit(Log& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log.warn("the limit of open files cannot be raised");
}

UploadReaperOptions reaper_options(const UploadPurgingConfig& config) {
  UploadReaperOptions options;
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
  return files;
}

/// The running program. Members are in the order in which they need each other; what is destroyed last stands first.
class Program {
 public:
  Program(const ServerConfig& config, Log& log);
  int run();

 private:
  void start_jobs();
  void await_signal();
  void on_signal(int signal);
  void reload();
  Task<> copy_manifests();
  Task<> purge_uploads();
  Task<> watch_certificates();

  // Fixed after construction.
  const ServerConfig& config_;
  Log& log_;
  SystemClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  Health health_;
  KeyLock digest_locks_;
  KeyLock upload_locks_;
  std::unique_ptr<AccessLog> access_log_;
  std::unique_ptr<OpenStores> stores_;
  ChangeNumbers changes_;
  ChangeCountingStore metadata_;
  Registry registry_;
  Api api_;
  DebugApi debug_api_;
  ManifestCopier copier_;
  UploadReaper reaper_;
  FileWatch certificates_;
  // Main thread only.
  boost::asio::io_context loop_{1};
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
      registry_({.stores = {.blobs = stores_->blobs(), .uploads = stores_->uploads(), .metadata = metadata_},
                 .locks = {.digests = digest_locks_, .uploads = upload_locks_},
                 .disk = stores_->disk(),
                 .clock = clock_,
                 .entropy = entropy_,
                 .log = log,
                 .instance_id = random_uuid(entropy_)},
                build_policy(config)),
      api_(registry_, changes_, build_api_options(config), health_, clock_, log, metrics_),
      debug_api_(health_, metrics_, build_debug_api_options(config)),
      copier_(stores_->blobs(), metadata_, digest_locks_, clock_),
      reaper_(stores_->blobs(), stores_->uploads(), metadata_, digest_locks_, upload_locks_, clock_, log,
              reaper_options(config.storage.upload_purging)),
      certificates_(tls_files(config.http.tls)),
      public_(build_public_options(config.http, take_inherited_sockets()), api_.handler(),
              build_access_sink(access_log_.get(), clock_), log, metrics_, api_.quick_handler()) {
  if (!config.http.debug.address.empty()) {
    add_process_metrics(metrics_);
    debug_.emplace(build_debug_options(config.http), debug_api_.handler(), [](const http::AccessRecord&) {}, log,
                   metrics_);
  }
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
    control_.emplace(path,
                     ServerFacts{.registry_id = stores_->registry_id(),
                                 .root = stores_->root(),
                                 .addresses = std::move(addresses),
                                 .started = clock_.now()},
                     [this] { boost::asio::post(loop_, [this] { reload(); }); }, clock_, health_, log_, metrics_);
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
  log_.info("stopped", {{"cut_off_requests", !all_ended}});
  return 0;
}

void Program::start_jobs() {
  const auto add = [this](PeriodicJobOptions options, std::function<Task<>()> round) {
    jobs_.push_back(std::make_unique<PeriodicJob>(loop_.get_executor(), std::move(options), std::move(round), log_));
  };
  health_checks_ = std::make_unique<HealthChecks>(loop_.get_executor(), health_options(config_), stores_->blobs(),
                                                  metadata_, health_, log_);
  add({.name = "manifest copies", .interval = kManifestCopyInterval}, [this] { return copy_manifests(); });
  if (config_.storage.upload_purging.is_enabled) {
    const auto interval = config_.storage.upload_purging.interval;
    add({.name = "upload purge", .first_after = std::min(kFirstUploadPurge, interval), .interval = interval},
        [this] { return purge_uploads(); });
  }
  if (config_.http.tls.is_enabled()) {
    add({.name = "certificate watch", .first_after = kCertificateWatchInterval, .interval = kCertificateWatchInterval},
        [this] { return watch_certificates(); });
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
  for (const auto& job : jobs_) job->stop();
  health_checks_->stop();
  boost::system::error_code ignored;
  signals_.clear(ignored);
}

void Program::reload() {
  try {
    reload_log_level(config_, log_);
    if (config_.http.tls.is_enabled()) public_.reload_tls();
    log_.info("reloaded", {{"tls", config_.http.tls.is_enabled()}});
  } catch (const std::exception& error) {
    log_.error("reload failed, everything stays as it was", {{"error", error.what()}});
  }
}

Task<> Program::copy_manifests() { co_await copier_.run(); }

Task<> Program::purge_uploads() { co_await reaper_.run(); }

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
