// BackupDesk: backups of a serving registry: the metadata as of one moment and the blobs that it names, held against
// collection meanwhile.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/run_blocking.h"
#include "async/task.h"
#include "base/result.h"
#include "metadata/metadata_store.h"
#include "metadata/snapshot_store.h"
#include "migration/backup_directory.h"
#include "observe/log.h"
#include "registry/removal_holds.h"
#include "storage/blob_store.h"

namespace berth {

struct BackupOrder {
  std::string directory;
  bool reads_links = true;                            ///< the bytes of files that are linked are read and verified, too
  std::size_t keep = 0;                               ///< so many of the newest stay; 0: all
  std::optional<std::chrono::seconds> keep_for = {};  ///< older ones go
};

struct BackupReport {
  std::string name;
  std::uint64_t blobs = 0;  ///< that the metadata names
  std::uint64_t blobs_total = 0;
  std::uint64_t bytes = 0;
  std::uint64_t added_blobs = 0;  ///< that no backup had
  std::uint64_t added_bytes = 0;
  std::uint64_t linked_blobs = 0;  ///< of the added ones: not copied
  std::uint64_t metadata_bytes = 0;
  std::uint64_t missing_blobs = 0;  ///< gone or damaged: they are not in the backup
  std::size_t pruned_backups = 0;
  std::uint64_t pruned_bytes = 0;
};

struct BackupView {
  std::uint64_t run = 0;
  bool is_running = false;
  std::string failure = {};  ///< why it ended early
  BackupReport report = {};
};

/// Threading: any thread where nothing else is said. Lifetime: outlives the loop; the loop ends after stop().
class BackupDesk {
 public:
  /// Opens a copy of the metadata. Blocks.
  using OpenSnapshot = std::function<std::unique_ptr<MetadataSnapshot>(const std::string& path)>;
  struct Parts {
    SnapshotStore& snapshots;
    OpenSnapshot open_snapshot;
    MetadataStore& metadata;
    BlobStore& blobs;
    RemovalHolds& holds;
    BlockingPool& disk;
    const Clock& clock;
    Log& log;
    std::vector<std::string> files;  ///< kept with each backup, where they are there
  };
  BackupDesk(boost::asio::any_io_executor loop, Parts parts);

  /// Refused: request_invalid (no absolute path), conflict (one is under way).
  Result<std::uint64_t> start(BackupOrder order);
  std::optional<BackupView> look(std::uint64_t run);
  void stop() { is_stopping_ = true; }

 private:
  Task<> run_by_hand(BackupOrder order);
  Task<> back_up(const BackupOrder& order, BackupReport& report);
  Task<> add_blobs(const BackupOrder& order, BackupDirectory& directory, MetadataSnapshot& snapshot,
                   BackupReport& report);
  void prune_blocking(const BackupOrder& order, BackupDirectory& directory, BackupReport& report);
  void tell(const BackupReport& report);

  // Fixed after construction.
  const boost::asio::any_io_executor loop_;
  const Parts parts_;
  // Any thread.
  std::atomic<bool> is_stopping_{false};
  // Guarded by mutex_.
  std::mutex mutex_;
  BackupView view_;
};

}  // namespace berth
