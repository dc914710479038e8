// Volume: the root directory that the parts of the filesystem storage share, and the durable changes of its
// directories.
#pragma once

#include <cstdint>
#include <expected>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "async/run_blocking.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/unique_fd.h"
#include "content/digest.h"

namespace berth {

struct FilesystemOptions {
  std::string root;                                  ///< made if it is missing
  std::uint64_t writeback_interval_bytes = 8 << 20;  ///< write-back is started each time so much was appended
  std::uint64_t preallocate_from_bytes = 1 << 20;    ///< expected sizes up to this allocate nothing ahead
  std::uint64_t preallocate_limit_bytes = std::uint64_t{4} << 30;  ///< a client's word reserves at most so much at once
  std::size_t reread_buffer_bytes = 1 << 20;                       ///< for hashing a file again
  std::uint64_t reread_job_bytes = 64 << 20;  ///< hashed by one job of the pool, which others wait for
};

/// Paths are relative to the root. Functions named _blocking run on the disk pool; they throw Failure(storage or
/// storage_full), and Failure(overloaded) when the process has no file descriptor left.
///
/// Threading: any thread.
/// Crash:     a directory change is on stable storage when its function returns.
class Volume {
 public:
  /// Opens the root, or makes it; nothing else is touched. Blocks: for the start. Throws Failure(storage).
  Volume(FilesystemOptions options, BlockingPool& disk, Entropy& entropy);

  const FilesystemOptions& options() const { return options_; }
  BlockingPool& disk() { return disk_; }
  int root_fd() const { return root_.get(); }

  /// Creates or opens `directory/name` for reading and writing, without following a link. With O_CREAT in `flags` the
  /// directory is made when it is missing. The new entry itself is not yet durable. An error number if it fails.
  std::expected<UniqueFd, int> open_own_file_blocking(std::string_view directory, const std::string& name, int flags);

  /// Renames `from` to the blob's path over whatever is there, and syncs every directory that got an entry.
  /// The file's bytes must have been synced. On failure after the rename a blob that was not there before is removed
  /// again.
  void place_blob_blocking(const std::string& from, const Digest& digest);

  /// Removes the blob's file and directory and syncs; false if there was no file.
  bool remove_blob_blocking(const Digest& digest);

  void sync_directory_blocking(const std::string& path);

  /// Throws unless the root is still what its path leads to (the volume was not unmounted) and can be written to.
  void probe_blocking();

  /// A file of ours under berth/tmp, removed at the end of its life unless it was renamed away.
  class Temporary {
   public:
    explicit Temporary(Volume& volume);
    ~Temporary();
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    const std::string& path() const { return path_; }
    int fd() const { return file_.get(); }
    /// Writes the bytes and makes them durable; for a new temporary.
    void write_durably_blocking(std::string_view bytes);
    /// The file has another name now.
    void release() { is_released_ = true; }

   private:
    Volume& volume_;
    std::string name_;
    std::string path_;
    UniqueFd file_;
    bool is_released_ = false;
  };

  /// Removes temporaries last written before `older_than` that no Temporary of this process owns; how many.
  std::size_t remove_stale_temporaries_blocking(WallTime older_than);

 private:
  void ensure_directory_blocking(std::string_view path);
  void forget_directories();

  // Fixed after construction.
  FilesystemOptions options_;
  BlockingPool& disk_;
  Entropy& entropy_;
  UniqueFd root_;
  // Guarded by mutex_.
  std::mutex mutex_;
  std::set<std::string, std::less<>>
      durable_directories_;  // the fixed ones and 256 for each algorithm, never one a blob
  std::set<std::string> live_temporaries_;
};

}  // namespace berth
