// PromiseBook: when what a client is told to exist must be promised anew, and the committed write that does it (data.md
// 5).
#pragma once

#include <atomic>
#include <chrono>
#include <limits>
#include <optional>

#include "async/task.h"
#include "base/clock.h"
#include "metadata/metadata_store.h"
#include "observe/log.h"

namespace berth {

/// Until when to promise, or nothing while the stored promise has three quarters of `length` left. So most of a promise
/// survives any crash, and most answers write nothing. Pure.
std::optional<WallTime> plan_renewal(WallTime promised_until, WallTime now, std::chrono::seconds length);

/// Threading: any loop.
class PromiseBook {
 public:
  PromiseBook(MetadataStore& metadata, const Clock& clock, Log& log, std::chrono::seconds length, bool is_read_only);

  /// Before a HEAD answers 200. Renews by a committed write that must find the row. Until when the promise stands;
  /// nothing if what was promised went meanwhile: the answer is 404.
  ///
  /// If the store cannot commit (full, failing or read-only disk), reads have to go on: the answer stands, and for the
  /// length of a promise nothing is removed at all (may_remove()), since the next commit may succeed and be a
  /// collector's.
  Task<std::optional<WallTime>> keep_blob(RepositoryName repository, BlobLink link);
  Task<std::optional<WallTime>> keep_manifest(RepositoryName repository, Digest digest, WallTime promised_until);

  /// How long a stored promise can be told again without being renewed.
  WallTime fresh_until(WallTime promised_until) const;

  /// False while a promise holds that could not be written. Threading: any thread.
  bool may_remove() const { return clock_.monotonic().time_since_epoch().count() >= unwritten_until_.load(); }

  /// The end of a promise made now.
  WallTime promised_until() const { return clock_.now() + length_; }

 private:
  enum class Subject { blob, manifest };
  Task<std::optional<WallTime>> keep(Subject subject, RepositoryName repository, Digest digest,
                                     WallTime promised_until);

  Task<bool> is_still_there(Subject subject, RepositoryName repository, Digest digest);

  MetadataStore& metadata_;
  const Clock& clock_;
  Log& log_;
  const std::chrono::seconds length_;
  const bool is_read_only_;
  std::atomic<MonotonicTime::rep> unwritten_until_{std::numeric_limits<MonotonicTime::rep>::min()};
};

}  // namespace berth
