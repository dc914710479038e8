// BackupSource: what a backup holds, repository by repository.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "async/run_blocking.h"
#include "metadata/snapshot_store.h"
#include "migration/backup_directory.h"
#include "migration/content_source.h"

namespace berth {

class BackupSource final : public ContentSource {
 public:
  /// Lifetime: `disk` outlives it.
  BackupSource(std::unique_ptr<BackupDirectory> directory, std::unique_ptr<MetadataSnapshot> snapshot,
               BlockingPool& disk);

  Task<std::vector<std::string>> repositories() override;
  Task<std::vector<SourceRoot>> roots(std::string repository) override;
  Task<std::optional<SourceManifest>> manifest(std::string repository, Digest digest) override;
  Task<std::optional<SourceBlob>> blob(std::string repository, Digest digest) override;
  /// All manifests of the repository are roots.
  Task<std::vector<Digest>> referrers(std::string repository, Digest digest) override;

 private:
  const std::unique_ptr<BackupDirectory> directory_;
  std::mutex mutex_;
  const std::unique_ptr<MetadataSnapshot> snapshot_;  // guarded by mutex_
  BlockingPool& disk_;
};

}  // namespace berth
