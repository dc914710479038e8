#include "migration/backup_source.h"

#include <map>
#include <utility>

#include "migration/file_reader.h"

namespace berth {
namespace {

constexpr std::size_t kPage = 1'000;

}  // namespace

BackupSource::BackupSource(std::unique_ptr<BackupDirectory> directory, std::unique_ptr<MetadataSnapshot> snapshot,
                           BlockingPool& disk)
    : directory_(std::move(directory)), snapshot_(std::move(snapshot)), disk_(disk) {}

Task<std::vector<std::string>> BackupSource::repositories() {
  co_return co_await run_blocking(disk_, [this] {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (std::string after;;) {
      const std::vector<RepositoryName> page = snapshot_->repositories(after, kPage);
      if (page.empty()) return names;
      for (const RepositoryName& name : page) names.push_back(name.text());
      after = names.back();
    }
  });
}

Task<std::vector<SourceRoot>> BackupSource::roots(std::string repository) {
  co_return co_await run_blocking(disk_, [this, &repository] {
    const std::lock_guard lock(mutex_);
    std::vector<SourceRoot> roots;
    const Result<RepositoryName> name = RepositoryName::parse(repository);
    if (!name) return roots;
    std::map<Digest, std::vector<Tag>> tags;
    for (std::string after;;) {
      const std::vector<LinkRow> page = snapshot_->tags(*name, after, kPage);
      if (page.empty()) break;
      for (const LinkRow& row : page) tags[row.digest].push_back(*row.tag);
      after = page.back().tag->text();
    }
    for (std::int64_t after = 0;;) {
      const std::vector<LinkRow> page = snapshot_->revisions(*name, after, kPage);
      if (page.empty()) return roots;
      for (const LinkRow& row : page) roots.push_back({.digest = row.digest, .tags = std::move(tags[row.digest])});
      after = page.back().id;
    }
  });
}

Task<std::optional<SourceManifest>> BackupSource::manifest(std::string repository, Digest digest) {
  co_return co_await run_blocking(disk_, [&]() -> std::optional<SourceManifest> {
    const std::lock_guard lock(mutex_);
    const Result<RepositoryName> name = RepositoryName::parse(repository);
    if (!name) return std::nullopt;
    std::optional<ManifestRecord> record = snapshot_->find_manifest(*name, digest);
    if (!record) return std::nullopt;
    return SourceManifest{.bytes = std::move(record->bytes), .media_type = std::move(record->media_type)};
  });
}

Task<std::optional<SourceBlob>> BackupSource::blob(std::string /*repository*/, Digest digest) {
  std::optional<FileRegion> file = co_await run_blocking(disk_, [&] { return directory_->open_blob(digest); });
  if (!file) co_return std::nullopt;
  const std::uint64_t size_bytes = file->length;
  co_return SourceBlob{.bytes = std::make_unique<FileReader>(*std::move(file), disk_), .size_bytes = size_bytes};
}

Task<std::vector<Digest>> BackupSource::referrers(std::string /*repository*/, Digest /*digest*/) {
  co_return std::vector<Digest>();
}

}  // namespace berth
