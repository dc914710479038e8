// Collector: removes what nothing uses any more, beside pushes (data.md 6). The store decides and marks in
// transactions; the bytes of a marked blob go under its lock, and only if it is still marked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "async/key_lock.h"
#include "async/task.h"
#include "base/clock.h"
#include "lifecycle/clock_guard.h"
#include "lifecycle/courtesy.h"
#include "metadata/collection_store.h"
#include "metadata/metadata_store.h"
#include "metadata/trash_store.h"
#include "observe/log.h"
#include "storage/blob_store.h"

namespace berth {

/// How fast a run may go; 0: as fast as it can.
struct CollectionPace {
  std::uint64_t deletions_per_second = 0;
  std::uint64_t bytes_per_second = 0;
};

struct CollectorOptions {
  std::chrono::seconds promise{24 * 3600};
  /// How long an untagged manifest is kept. Nothing: for ever.
  std::optional<std::chrono::seconds> keep_untagged = {};
  std::chrono::seconds keep_trash{0};  ///< how long deleted manifests can be brought back; 0: not at all
  std::chrono::seconds keep_removals{30 * 24 * 3600};  ///< how long it is told why something went
  /// Asked inside each transaction that removes; unset: always. See PromiseBook::may_remove().
  std::function<bool()> may_remove = {};
  CourtesyOptions courtesy = {};
  std::size_t batch_size = 64;       ///< candidates of one transaction
  std::size_t files_at_once = 16;    ///< whose removal is under way
  std::size_t busy_batch_size = 32;  ///< both while requests are served
  std::size_t busy_files_at_once = 8;
  std::chrono::milliseconds digest_lock_wait{10'000};
};

/// What a run looks at.
enum class CollectionScope : std::uint8_t {
  due,         ///< what is due
  everything,  ///< whatever has a review, due or not
};

struct CollectionRequest {
  CollectionScope scope = CollectionScope::due;
  bool is_dry_run = false;
  /// Overrides the options': 0 s takes untagged manifests at once (`garbage-collect -m`).
  std::optional<std::chrono::seconds> keep_untagged = {};
  /// Looks at all manifests without a tag, whether something happened to them or not.
  bool walks_untagged = false;
  bool empties_trash = false;   ///< before anything else; and what this run removes does not rest there either
  std::size_t drops_trash = 0;  ///< so many of the oldest leave the trash, however young they are
  CollectionPace pace = {};
  std::function<void(const ReviewOutcome&)> on_outcome = {};  ///< quick; on the run's loop
  std::function<bool()> should_stop = {};                     ///< asked between two batches
  std::function<Task<>()> before_batch = {};                  ///< may hold the run back
};

struct CollectionReport {
  std::size_t looked_at = 0;
  std::size_t manifests = 0;
  std::size_t links = 0;
  std::size_t blobs = 0;
  std::uint64_t bytes = 0;          ///< sizes of the blobs that were removed, or would be
  std::size_t emptied = 0;          ///< manifests that left the trash
  std::size_t waiting = 0;          ///< kept by a promise
  std::uint64_t waiting_bytes = 0;  ///< of blobs among these, each once
  std::size_t failed_removals = 0;  ///< marked, but the file did not go: tried again by the next run
  bool was_stopped = false;
  bool was_paused = false;  ///< which promises have ended is not known: nothing is removed
};

/// Threading: one run at a time, on one loop.
/// Failures:  a run throws what the store throws. A file that cannot be removed is logged and stays marked.
/// Crash:     what was marked is finished by the next run.
class Collector {
 public:
  /// Lifetime: all of it outlives the collector.
  struct Stores {
    BlobStore& blobs;
    MetadataStore& metadata;
    CollectionStore& collection;
    TrashStore& trash;
  };
  Collector(Stores stores, KeyLock& digest_locks, const Clock& clock, Log& log, CollectorOptions options);

  Task<CollectionReport> run(CollectionRequest request);

  /// Whether untagged manifests go at some time.
  bool takes_untagged() const { return options_.keep_untagged.has_value(); }

 private:
  struct Run;

  Task<> preview(Run& run);
  Task<> preview_batches(Run& run, CollectionPreview& preview, std::vector<Candidate> candidates);
  Task<> preview_batch(Run& run, CollectionPreview& preview, std::vector<Candidate> batch);
  Task<> collect(Run& run);
  Task<> expire_trash(Run& run);
  Task<> settle_batches(Run& run, std::vector<Candidate> candidates);
  Task<> finish_marked(Run& run);
  Task<> remove_bytes(Run& run, std::vector<DeletingBlob> blobs);
  Task<> remove_files(std::span<const DeletingBlob> blobs, std::span<char> is_gone);
  Task<> remove_file(const DeletingBlob& blob, char& is_gone);
  Task<> keep_pace(Run& run);
  std::size_t batch_size(const Run& run) const;

  BlobStore& blobs_;
  MetadataStore& metadata_;
  CollectionStore& collection_;
  TrashStore& trash_;
  KeyLock& digest_locks_;
  const Clock& clock_;
  Log& log_;
  const CollectorOptions options_;
  ClockGuard clock_guard_;
};

}  // namespace berth
