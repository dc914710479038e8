// SnapshotKeeper: copies of the metadata under the root (berth/snapshots), made from time to time, so that a lost
// database can be made anew.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "async/run_blocking.h"
#include "async/task.h"
#include "base/clock.h"
#include "metadata/snapshot_store.h"

namespace berth {

struct SnapshotKeeperOptions {
  std::string directory;  ///< made if it is missing
  std::chrono::seconds interval{24 * 3600};
  std::size_t keep = 3;
};

/// A copy whose bytes are what they were when it was made.
struct KeptSnapshot {
  std::string path;
  WallTime made;
};

/// Those in the directory whose checksum is right, the oldest first. Reads each to its end. Blocks.
std::vector<KeptSnapshot> good_snapshots(const std::string& directory);

/// Threading: one loop, one call at a time. Failures: throws Failure(metadata), Failure(storage),
/// Failure(storage_full). Crash:     a copy is whole or without a checksum, and then removed by the next call.
class SnapshotKeeper {
 public:
  SnapshotKeeper(SnapshotStore& store, BlockingPool& disk, const Clock& clock, SnapshotKeeperOptions options);

  /// Until the next is due, as the directory's files have it. Blocks for a moment.
  std::chrono::milliseconds wait() const;
  /// Makes one and removes those that are too many; its path.
  Task<std::string> make();

 private:
  SnapshotStore& store_;
  BlockingPool& disk_;
  const Clock& clock_;
  const SnapshotKeeperOptions options_;
};

}  // namespace berth
