// ScrubStore: what a check of the stored bytes reads and writes. It compares files and records both ways (data.md 2.5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "async/byte_source.h"
#include "async/task.h"
#include "metadata/records.h"

namespace berth {

/// A blob on record, whatever repositories link it.
struct BlobRecord {
  Digest digest;
  std::uint64_t size_bytes = 0;
  BlobState state = BlobState::present;
  /// When the bytes were last known to be good: pushed, or hashed again. The epoch: not since this is recorded.
  WallTime verified;
  bool operator==(const BlobRecord&) const = default;
};

/// A manifest that a blob is part of.
struct AffectedImage {
  RepositoryName repository;
  Digest manifest;
  std::vector<Tag> tags;
  bool operator==(const AffectedImage&) const = default;
};

struct AffectedImages {
  std::vector<AffectedImage> entries;
  bool are_all = true;  ///< false: there are more than were asked for
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
class ScrubStore {
 public:
  virtual ~ScrubStore() = default;

  /// In order of their digests after `after`, in whatever state they are.
  virtual Task<std::vector<BlobRecord>> list_blobs(std::optional<Digest> after, std::size_t limit) = 0;
  /// Present ones that were last verified before `before`, the longest ago first; after `after`, which was read here.
  virtual Task<std::vector<BlobRecord>> least_recently_verified(WallTime before, std::optional<BlobRecord> after,
                                                                std::size_t limit) = 0;
  virtual Task<std::optional<BlobRecord>> find_blob_record(Digest digest) = 0;
  /// Those of the digests that no blob has, in the order given.
  virtual Task<std::vector<Digest>> without_record(std::vector<Digest> digests) = 0;

  /// The bytes of these were read again and are good. Only of those that are present.
  virtual Task<> record_verified(std::vector<Digest> digests, WallTime now) = 0;
  /// missing -> present: the bytes are in place, verified, and the caller holds the per-digest lock. False if it is not
  /// missing any more.
  virtual Task<bool> mark_blob_found(Digest digest, WallTime now) = 0;

  /// Manifests that name the blob, or are it; where one has no tag, the indexes that name it, too. At most `limit`,
  /// each with so many tags at most.
  virtual Task<AffectedImages> images_of(Digest digest, std::size_t limit) = 0;
  /// The bytes of a manifest, whatever repository has it: what its copy among the blobs must be.
  virtual Task<std::optional<SharedBytes>> manifest_bytes(Digest digest) = 0;

  /// Whether rows and files have to be compared before anything is removed: after a restore, they come from two times.
  virtual Task<bool> must_compare() = 0;
  virtual Task<> set_must_compare(bool is_on) = 0;

  /// Files without a record were seen: since when each is known to be one, in the order given.
  virtual Task<std::vector<WallTime>> note_orphans(std::vector<Digest> digests, WallTime now) = 0;
  /// Forgets those that were last seen before `before`, at most `limit` of them; how many.
  virtual Task<std::size_t> forget_orphans(WallTime before, std::size_t limit) = 0;
};

}  // namespace berth
