#include "server/survey.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>

#include "async/key_lock.h"
#include "async/run_blocking.h"
#include "async/run_to_end.h"
#include "base/entropy.h"
#include "base/failure.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "migration/adopter.h"
#include "migration/adoption_survey.h"
#include "observe/log.h"
#include "server/build_migration.h"
#include "server/identity.h"
#include "server/lock_file.h"
#include "storage/filesystem/filesystem_storage.h"
#include "storage/layout.h"

namespace berth {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kQueue = 1'024;
constexpr std::size_t kFilePage = 1'000;

const std::string& root_of(const ServerConfig& config) {
  const std::string& root = config.storage.filesystem.root_directory;
  if (config.storage.driver != StorageDriver::filesystem) {
    throw Failure(FailureKind::internal, "only a volume on disk can be adopted (storage.filesystem)");
  }
  if (!std::filesystem::is_directory(root)) {
    throw Failure(FailureKind::internal, fmt::format("there is no directory {}", root));
  }
  return root;
}

}  // namespace

SurveyReport survey_volume(const ServerConfig& config, const SurveyOptions& options) {
  const SystemClock clock;
  SystemEntropy entropy;
  // Problems are printed, not logged.
  const std::unique_ptr<Log> log = make_log({.level = LogLevel::error, .format = config.log.formatter});
  BlockingPool disk("disk", kThreads, kQueue);
  FilesystemStorage storage({.root = root_of(config)}, disk, entropy);
  AdoptionSurvey survey(options.on_problem);
  KeyLock digest_locks;
  AdopterOptions adopter_options = build_adopter_options(config);
  adopter_options.is_verifying = options.is_verifying;
  Adopter adopter({.tree = storage.links(),
                   .files = storage.files(),
                   .blobs = storage.blobs(),
                   .store = survey,
                   .digest_locks = digest_locks,
                   .disk = disk,
                   .clock = clock,
                   .log = *log},
                  adopter_options);
  AdoptionRun run{.kind = AdoptionKind::first, .began = clock.now()};
  run.on_progress = options.on_progress;
  run_to_end(adopter.run(std::move(run)));
  SurveyReport report{.counts = survey.counts(), .problems = survey.problem_count(), .holding = survey.holding_count()};
  std::optional<FilePosition> position = FilePosition();
  while (position) {
    StoredFilePage page = run_to_end(storage.files().list(*position, kFilePage));
    position = std::move(page.next);
    for (const StoredFile& file : page.entries) {
      if (!file.digest) continue;
      ++report.blobs;
      report.bytes += file.size_bytes;
    }
  }
  return report;
}

void begin_adoption_again(const ServerConfig& config) {
  const std::string& root = root_of(config);
  const SystemClock clock;
  SystemEntropy entropy;
  BlockingPool disk("disk", 1, kQueue);
  FilesystemStorage storage({.root = root}, disk, entropy);
  const LockFile lock(root + "/" + std::string(layout::kLock));
  const std::string& path = config.metadata.sqlite.path;
  SqliteMetadataStore metadata({.path = path.empty() ? root + "/" + std::string(layout::kMetadata) : path});
  const Result<void> begun = run_to_end(adopt_again({storage.identity(), metadata, &metadata.adoption()}, clock.now()));
  if (!begun) throw Failure(FailureKind::internal, begun.error().message);
}

}  // namespace berth
