// BlobFiles: the files below the directory of blobs as they lie there, for a check of them; and the place where damaged
// ones are moved to. Nothing here knows which content is on record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/byte_source.h"
#include "async/task.h"
#include "content/digest.h"

namespace berth {

struct StoredFile {
  std::string path;              ///< below the root
  std::optional<Digest> digest;  ///< of a blob's file. Nothing: a file or directory where none of a blob belongs
  std::uint64_t size_bytes = 0;  ///< of a blob's file
};

/// Where a walk stands. Made by the store; empty at the beginning.
using FilePosition = std::string;

struct StoredFilePage {
  std::vector<StoredFile> entries;
  std::optional<FilePosition> next;  ///< nothing: that was all
};

/// A blob's file as it lies there.
struct FileLook {
  std::optional<std::uint64_t> size_bytes = {};  ///< nothing: there is none
  SharedBytes bytes = {};                        ///< of a file that is no larger than was to be read
};

/// Threading: any loop. Failures: throws Failure(storage), Failure(storage_full).
/// Crash:     a file that quarantine() moved is at its old or its new place, whole; once it returned, at the new one.
class BlobFiles {
 public:
  virtual ~BlobFiles() = default;

  /// About `limit` of them after `from`, in order of their paths. What is put or removed meanwhile may be seen or not.
  /// An unknown directory is one entry, and nobody looks into it.
  virtual Task<StoredFilePage> list(FilePosition from, std::size_t limit) = 0;

  /// One for each, in the order given. The bytes of files up to `read_up_to_bytes` are read; 0 reads none.
  virtual Task<std::vector<FileLook>> look_at(std::vector<Digest> digests, std::uint64_t read_up_to_bytes) = 0;

  /// Moves the blob's file aside and syncs the directories; its new path below the root, nothing if there is no file.
  /// Whatever was moved there before stays. The caller holds the per-digest lock.
  virtual Task<std::optional<std::string>> quarantine(Digest digest) = 0;
};

}  // namespace berth
