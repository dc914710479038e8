// TrashStore: manifests that were deleted and can still be brought back (data.md 7). What rests there keeps its blobs
// from the collector and is invisible otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/task.h"
#include "metadata/metadata_store.h"
#include "metadata/page.h"
#include "metadata/records.h"

namespace berth {

struct TrashedManifest {
  std::int64_t number = 0;  ///< in the order in which they came; never used again
  RepositoryName repository;
  Digest digest;
  std::string media_type;
  std::string artifact_type;
  std::uint64_t size_bytes = 0;  ///< of the manifest
  WallTime trashed;
  std::string who;        ///< deleted it; empty for an anonymous client
  std::vector<Tag> tags;  ///< that went with it
};

struct TrashSummary {
  std::size_t manifests = 0;
  std::size_t blobs = 0;         ///< that nothing but the trash keeps
  std::uint64_t blob_bytes = 0;  ///< of these
  std::optional<WallTime> oldest;
};

struct RestoreManifest {
  RepositoryName repository;
  Digest digest;
  std::string who;
  WallTime now;
  WallTime promised_until;
  WallTime review_due;
  QuotaGuard quota = {};  ///< of all that comes back
};

struct Restored {
  std::vector<Digest> manifests;  ///< it, children of an index, and what refers to any of them
  std::vector<Tag> tags;          ///< that name it again
  std::vector<Tag> taken;         ///< that named it once and name something else now: left alone
  bool listed_repository = false;
};
enum class NotInTrash {};
/// Nothing was changed.
struct RestoreRefused {
  std::vector<Digest> missing;  ///< what it names and nobody has any more
};
using RestoreOutcome = std::variant<Restored, NotInTrash, RestoreRefused, QuotaExceeded>;

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
class TrashStore {
 public:
  virtual ~TrashStore() = default;

  /// The oldest first, after the one numbered `after`; of one repository or of all.
  virtual Task<Page<TrashedManifest>> list_trash(std::optional<RepositoryName> repository, std::int64_t after,
                                                 std::size_t limit) = 0;
  /// One transaction: the manifest with all that it needs and what refers to it, its links with a promise, and its tags
  /// where they are free.
  virtual Task<RestoreOutcome> restore(RestoreManifest request) = 0;
  /// Forgets at most `limit` manifests that were trashed before `before`, and schedules what they kept as due at `now`.
  /// How many.
  virtual Task<std::size_t> expire_trash(WallTime before, WallTime now, std::size_t limit) = 0;
  /// Costs what the trash holds.
  virtual Task<TrashSummary> summarize_trash() = 0;
};

}  // namespace berth
