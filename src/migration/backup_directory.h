// BackupDirectory: where backups are kept: each a snapshot of the metadata with what it says of itself, and the blobs
// of all of them, each once.
//
//   berth-backup           the registry's id
//   blobs/sha256/ab/abcd.. the blobs, named by what they are
//   20261127T221925Z/      a backup: metadata.db, token-keys.json if there are any, backup.json (written last)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/byte_source.h"
#include "base/clock.h"
#include "base/unique_fd.h"
#include "content/digest.h"

namespace berth {

struct BackupEntry {
  std::string name;  ///< of its directory
  WallTime created;
  std::string registry_id;
  std::string version;  ///< of the Berth that made it
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;      ///< of the blobs
  std::string metadata_digest;  ///< of metadata.db: "sha256:..."
};

enum class BlobAdded : std::uint8_t {
  was_there,
  linked,  ///< the same file, under another name
  copied,
  damaged,  ///< its bytes have another digest: it is not in the backup
};

/// Threading: one caller at a time; everything blocks, for jobs on the disk pool or for a command.
/// Failures:  throws Failure(storage), Failure(storage_full) that name the path.
/// Crash:     a backup is whole or not listed; what finish() returned from is on stable storage.
class BackupDirectory {
 public:
  /// Opens it; made if it is missing and `registry_id` is given. Failure(storage) if it holds something else, or
  /// another registry's backups.
  BackupDirectory(std::string path, const std::optional<std::string>& registry_id);

  /// Whole ones, the oldest first.
  std::vector<BackupEntry> list() const;

  /// The directory of a new backup, which nobody sees until finish(). What a crash left of another is removed.
  std::string begin(const std::string& name);
  /// A link where that can be, else a copy, which is verified as it is made; a link if `reads_links`. `size_bytes` is
  /// what the metadata says.
  BlobAdded add_blob(const Digest& digest, const FileRegion& file, bool reads_links);
  void add_file(const std::string& name, const std::string& from);
  void finish(const BackupEntry& entry);
  void abandon(const std::string& name);

  std::string path_of(const std::string& name, const std::string& file) const;
  std::string blob_path(const Digest& digest) const;
  std::optional<std::uint64_t> blob_size(const Digest& digest) const;
  std::optional<FileRegion> open_blob(const Digest& digest) const;

  void remove(const std::string& name);
  /// Blobs that no backup names, by the caller's word; how many, and their bytes.
  struct Pruned {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
  };
  template <class IsNamed>
  Pruned prune_blobs(IsNamed is_named) {
    Pruned pruned;
    for (const std::string& directory : blob_directories()) {
      for (const Digest& digest : blobs_in(directory)) {
        if (is_named(digest)) continue;
        pruned.bytes += remove_blob(digest);
        ++pruned.blobs;
      }
    }
    return pruned;
  }

  /// "sha256:..." of a file's bytes. Throws Failure(storage).
  static std::string digest_of_file(const std::string& path, HashAlgorithm algorithm = HashAlgorithm::sha256);
  /// A name for a backup made now, which sorts as it was made.
  static std::string name_at(WallTime now);

 private:
  std::string partial_path(const std::string& name) const;
  /// One for each first byte of each algorithm.
  std::vector<std::string> blob_directories() const;
  static std::vector<Digest> blobs_in(const std::string& directory);
  std::uint64_t remove_blob(const Digest& digest);
  void make_directory(const std::string& path) const;
  bool copy_blob(const Digest& digest, const FileRegion& file, const std::string& to) const;

  const std::string path_;
};

}  // namespace berth
