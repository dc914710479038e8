// SnapshotStore: the metadata as of one moment, as a file of its own; and what such a file says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "metadata/link_store.h"
#include "metadata/scrub_store.h"

namespace berth {

/// A file that was written by a SnapshotStore. Reading it changes nothing.
///
/// Threading: one caller at a time; each call blocks. Failures: throws Failure(metadata).
class MetadataSnapshot {
 public:
  virtual ~MetadataSnapshot() = default;

  virtual std::optional<std::string> registry_id() = 0;
  /// In order of their digests after `after`, in whatever state they are.
  virtual std::vector<BlobRecord> list_blobs(std::optional<Digest> after, std::size_t limit) = 0;
  virtual bool has_blob(const Digest& digest) = 0;
  virtual std::vector<RepositoryName> repositories(const std::string& after, std::size_t limit) = 0;
  virtual std::vector<LinkRow> revisions(const RepositoryName& repository, std::int64_t after, std::size_t limit) = 0;
  virtual std::vector<LinkRow> tags(const RepositoryName& repository, const std::string& after, std::size_t limit) = 0;
  virtual std::optional<ManifestRecord> find_manifest(const RepositoryName& repository, const Digest& digest) = 0;
  /// Damage that the database itself notices; empty: none.
  virtual std::vector<std::string> check() = 0;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(storage_full).
class SnapshotStore {
 public:
  virtual ~SnapshotStore() = default;

  /// Everything that is committed when it begins, in a new file, synced. Holds up neither reads nor writes. What there
  /// is of the file after a failure is of no use.
  virtual Task<> write_snapshot(std::string path) = 0;
};

}  // namespace berth
