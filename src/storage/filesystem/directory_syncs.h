// DirectorySyncs: fsyncs of directories, shared by all who want the same one at the same time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

/// One sync serves all that came before it began; a lone caller waits for nobody but the disk.
///
/// Threading: any thread. Failures: a failed sync fails everybody who shared it, and is not tried again.
class DirectorySyncs {
 public:
  /// `sync` makes the entries of a directory durable, or says which errno kept it from that.
  explicit DirectorySyncs(std::function<std::optional<int>(const std::string& path)> sync) : sync_(std::move(sync)) {}
  DirectorySyncs(const DirectorySyncs&) = delete;
  DirectorySyncs& operator=(const DirectorySyncs&) = delete;

  /// Returns when a sync that began after this call has ended; its errno if it failed. Blocks.
  std::optional<int> sync_blocking(const std::string& path);

  /// How many are in sync_blocking() for the directory now.
  std::size_t caller_count(const std::string& path) const;

 private:
  /// One sync, from the first who wants it to the last who has heard how it ended.
  struct Round {
    bool is_over = false;
    std::optional<int> error;
  };
  struct Directory {
    bool is_syncing = false;
    std::shared_ptr<Round> gathering;  // the next round, which those join who come while one is under way
    std::size_t caller_count = 0;
  };

  // Fixed after construction.
  const std::function<std::optional<int>(const std::string& path)> sync_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Directory, std::less<>> directories_;  // those that somebody syncs now
};

}  // namespace berth
