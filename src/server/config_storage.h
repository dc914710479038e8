// The `storage`, `metadata`, `gc` and `scrub` sections: where bytes and records live, and for how long.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace berth {

enum class StorageDriver { filesystem, inmemory };

/// Free space below which pushes are refused with 507, before the disk is full for everybody.
struct SpaceReserve {
  enum class Kind { automatic, bytes, percent };
  Kind kind = Kind::automatic;  ///< 1 % of the file system, at most 1 GiB
  std::uint64_t amount = 0;

  /// The reserve in bytes on a file system of this size.
  std::uint64_t bytes_of(std::uint64_t file_system_bytes) const;
  bool operator==(const SpaceReserve&) const = default;
};

struct FilesystemConfig {
  std::string root_directory = "/var/lib/registry";
  unsigned max_threads = 100;  ///< at least 25, as Distribution raises it
  SpaceReserve reserve;
  std::uint64_t direct_from_bytes = 64 * 1024;  ///< 0: nothing
};

struct UploadPurgingConfig {
  bool is_enabled = true;
  std::chrono::milliseconds age = std::chrono::hours(168);
  std::chrono::milliseconds interval = std::chrono::hours(24);
  bool is_dry_run = false;
};

struct StorageConfig {
  StorageDriver driver = StorageDriver::filesystem;
  FilesystemConfig filesystem;
  bool is_delete_enabled = false;
  bool is_redirect_disabled = false;
  bool is_read_only = false;
  std::optional<bool> distribution_links;  ///< unset: on a volume that was adopted
  UploadPurgingConfig upload_purging;
};

struct SqliteConfig {
  std::string path;                              ///< empty: berth/metadata.db under the root directory
  std::uint64_t cache_bytes = 16 * 1024 * 1024;  ///< of one connection
  std::uint64_t wal_bytes = 64 * 1024 * 1024;    ///< the write-ahead log is kept below this
  unsigned reader_count = 0;                     ///< read connections; 0: one for each core
};

struct SnapshotsConfig {
  std::chrono::seconds interval = std::chrono::hours(24);  ///< 0: none are made
  unsigned keep = 3;
};

struct MetadataConfig {
  SqliteConfig sqlite;
  SnapshotsConfig snapshots;
};

struct CollectionConfig {
  bool is_enabled = true;
  std::chrono::milliseconds interval{60'000};             ///< between two rounds in the background
  std::chrono::seconds grace = std::chrono::hours(24);    ///< until a review is due
  std::chrono::seconds promise = std::chrono::hours(24);  ///< how long what a client was told holds
  bool takes_untagged = false;
  std::chrono::seconds keep_untagged = std::chrono::hours(7 * 24);
  std::chrono::seconds keep_removals = std::chrono::hours(30 * 24);
  std::uint64_t deletions_per_second = 500;
  std::uint64_t bytes_per_second = 0;
  int busy_percent = 25;  ///< of the time, while requests are served
};

struct TrashConfig {
  static constexpr std::chrono::hours kDefault{7 * 24};
  std::optional<std::chrono::seconds> keep;  ///< unset: kDefault; and a run by hand empties it
  std::chrono::seconds keep_or_default() const { return keep.value_or(kDefault); }
};

struct AdoptionConfig {
  std::chrono::milliseconds wait{10'000};  ///< of a request for a repository that is not read yet
  bool is_verifying = false;               ///< reads the bytes of every blob
};

struct AliasesConfig {
  std::chrono::seconds keep{30 * 24 * 3600};  ///< how long an old name stands for a repository; 0: not at all
};

struct ScrubConfig {
  bool is_enabled = false;
  std::uint64_t bytes_per_second = 16 * 1024 * 1024;  ///< in the background; 0: as fast as it can
  std::chrono::seconds interval = std::chrono::hours(7 * 24);
};

}  // namespace berth
