// Volume: the root directory that the parts of the filesystem storage share, and the durable changes of its
// directories.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "async/run_blocking.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/unique_fd.h"
#include "content/digest.h"
#include "storage/filesystem/directory_syncs.h"

namespace berth {

struct FilesystemOptions {
  std::string root;                                  ///< made if it is missing
  std::uint64_t writeback_interval_bytes = 8 << 20;  ///< write-back is started each time so much was appended
  std::uint64_t preallocate_from_bytes = 1 << 20;    ///< expected sizes up to this allocate nothing ahead
  std::uint64_t preallocate_limit_bytes = std::uint64_t{4} << 30;  ///< a client's word reserves at most so much at once
  std::size_t hash_beside_from_bytes = 128 << 10;  ///< fewer bytes are hashed by the thread that writes them
  std::size_t piece_bytes = 256 << 10;             ///< written and then hashed while the core's caches have them
  /// A blob that comes whole and is not smaller is written past the page cache; 0: none is.
  std::uint64_t direct_from_bytes = 64 << 10;
  std::size_t reread_buffer_bytes = 1 << 20;  ///< for hashing a file again
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

  /// Renames the blob's file to a free name in the quarantine and syncs; its new path, nothing if there was no file.
  std::optional<std::string> quarantine_blob_blocking(const Digest& digest);

  /// Makes the directory's entries durable. Calls for one directory at the same time share a sync.
  void sync_directory_blocking(const std::string& path);

  /// An upload is being written while it lives.
  class Writing {
   public:
    explicit Writing(Volume& volume) : volume_(volume), others_(volume.writing_count_.fetch_add(1)) {}
    ~Writing() { volume_.writing_count_.fetch_sub(1); }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    /// Whether every upload could have a second core. Else a second thread for one only takes it from another.
    bool has_spare_core() const { return 2 * (others_ + 1) <= volume_.core_count_; }

   private:
    Volume& volume_;
    const unsigned others_;
  };

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
  std::optional<int> sync_directory_alone_blocking(const std::string& path);
  void forget_directories();

  // Fixed after construction.
  FilesystemOptions options_;
  BlockingPool& disk_;
  Entropy& entropy_;
  UniqueFd root_;
  const unsigned core_count_;
  DirectorySyncs directory_syncs_;
  // Any thread.
  std::atomic<unsigned> writing_count_ = 0;
  // Guarded by mutex_.
  std::mutex mutex_;
  std::set<std::string, std::less<>>
      durable_directories_;  // the fixed ones and 256 for each algorithm, never one a blob
  std::set<std::string> live_temporaries_;
};

}  // namespace berth
