// CollectionDesk: the collector's rounds in the background, and runs that people ask for and watch. One at a time.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/key_lock.h"
#include "base/result.h"
#include "lifecycle/collector.h"
#include "lifecycle/job_book.h"
#include "observe/metrics.h"
#include "registry/read_only_mode.h"

namespace berth {

/// What is asked for by hand.
struct CollectionOrder {
  bool is_dry_run = false;
  bool takes_untagged = false;
  std::optional<bool> empties_trash = {};  ///< unset: as the desk's options say
};

struct CollectionDeskOptions {
  /// Why nothing may be removed now, in words; empty or unset: it may.
  std::function<std::string()> held_because = {};
  const ReadOnlyMode* read_only = nullptr;  ///< while it is on nothing is removed; a dry run is allowed. Null: never
  bool empties_trash_by_hand = false;
  std::chrono::seconds keep_trash{0};
  /// Free bytes to keep on a file system of that size: with less than twice of it the oldest trash goes. Unset: never.
  std::function<std::uint64_t(std::uint64_t file_system_bytes)> reserved_bytes = {};
  CollectionPace pace = {};  ///< of the background; runs by hand go as fast as they can
  /// Manifests without a tag are looked at in the background this often, if the collector takes them.
  std::chrono::seconds untagged_walk_interval{24 * 3600};
  std::size_t outcome_limit = 4096;                ///< kept for whoever watches a run
  std::chrono::milliseconds watcher_wait{10'000};  ///< how long a run waits for somebody to read them
};

/// A run by hand, as somebody sees it who watches.
struct CollectionView {
  std::uint64_t run = 0;
  bool is_running = false;
  bool is_dry_run = false;
  std::string failure = {};  ///< why it ended early
  CollectionReport report = {};
  std::int64_t freed_bytes = 0;              ///< what the file system has more than before, whoever did it
  TrashSummary trash = {};                   ///< what rests there afterwards
  std::optional<WallTime> trash_until = {};  ///< when the first of it goes
  std::uint64_t first = 0;                   ///< number of the first outcome below
  std::vector<ReviewOutcome> outcomes = {};  ///< removals, and what waits
};

/// Threading: any thread. Lifetime: outlives the loop; the loop ends after stop().
class CollectionDesk {
 public:
  CollectionDesk(boost::asio::any_io_executor loop, Collector& collector, BlobStore& blobs, TrashStore& trash,
                 const Clock& clock, Log& log, Metrics& metrics, Job& job, CollectionDeskOptions options);

  /// One round of the background: on the loop. It gives way to a run by hand.
  Task<> run_round();

  /// Begins a run by hand. Refused: read_only, overloaded (one is under way).
  Result<std::uint64_t> start(CollectionOrder order);
  /// The latest run by hand, with outcomes from number `from` on; nothing if there was none or it has another number.
  std::optional<CollectionView> look(std::uint64_t run, std::uint64_t from);

  /// Runs end after their batch; none begins.
  void stop();

 private:
  bool is_read_only() const { return options_.read_only != nullptr && options_.read_only->is_on(); }
  Task<bool> is_space_low();
  Task<> run_by_hand(CollectionRequest request);
  Task<> wait_for_watcher();
  Task<std::string> collect_round(JobRun& run);
  Task<std::string> collect_by_hand(JobRun& run, CollectionRequest& request, CollectionReport& report);
  /// How many were looked at.
  std::uint64_t note(const ReviewOutcome& outcome);
  void count(const CollectionReport& report);

  // Fixed after construction.
  const boost::asio::any_io_executor loop_;
  Collector& collector_;
  BlobStore& blobs_;
  TrashStore& trash_;
  const Clock& clock_;
  Log& log_;
  Job& job_;
  const CollectionDeskOptions options_;
  Counter& removed_manifests_;
  Counter& removed_blobs_;
  Counter& removed_bytes_;
  Counter& failed_removals_;
  // Loop only.
  KeyLock turns_;  ///< one key: who runs
  std::optional<MonotonicTime> walked_untagged_;
  // Any thread.
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_hand_waiting_{false};
  // Guarded by mutex_.
  std::mutex mutex_;
  CollectionView view_;
  std::deque<ReviewOutcome> outcomes_;
  std::uint64_t first_outcome_ = 0;
  std::uint64_t read_to_ = 0;
  bool is_unwatched_ = false;
};

}  // namespace berth
