// restore_root: a whole registry from a backup, with nobody serving.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "migration/backup_directory.h"
#include "server/config.h"

namespace berth {

struct RestoreOptions {
  std::string directory;
  std::optional<std::string> name = {};                                           ///< which backup; nothing: the newest
  std::function<void(std::uint64_t done, std::uint64_t total)> on_progress = {};  ///< blobs
};

struct RestoreReport {
  BackupEntry backup;
  std::uint64_t blobs = 0;
  std::uint64_t put_blobs = 0;  ///< that were not there, or of another size
  std::uint64_t put_bytes = 0;
  std::vector<std::string> missing = {};  ///< that the backup itself does not have whole
  std::string metadata_moved_to = {};     ///< where the metadata went that was there; empty: there was none
};

/// The backups in a directory, the oldest first.
std::vector<BackupEntry> list_backups(const std::string& directory);

/// Blocks. Throws a Failure with one line: no such backup, a damaged one, a root that is served or another registry's.
RestoreReport restore_root(const ServerConfig& config, const RestoreOptions& options);

}  // namespace berth
