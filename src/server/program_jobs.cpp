// What runs beside requests, each round of it.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "server/program.h"

namespace berth {

namespace {

using namespace std::chrono_literals;

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

}  // namespace

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

Task<> Program::copy_manifests() {
  co_await copier_.run();
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

}  // namespace berth
