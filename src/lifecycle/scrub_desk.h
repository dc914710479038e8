// ScrubDesk: the scrubber's rounds in the background, and checks that people ask for and watch. One at a time.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/key_lock.h"
#include "base/result.h"
#include "lifecycle/job_book.h"
#include "lifecycle/scrubber.h"
#include "observe/metrics.h"

namespace berth {

struct ScrubDeskOptions {
  const ReadOnlyMode* read_only = nullptr;       ///< while it is on a repair is refused. Null: never
  std::uint64_t bytes_per_second = 16U << 20;    ///< of the background; 0: as fast as it can
  std::chrono::seconds interval{7 * 24 * 3600};  ///< each blob comes round once in it
  std::size_t finding_limit = 2'000;             ///< kept for whoever watches; all are counted and logged
};

/// What somebody asks for.
struct ScrubOrder {
  ScrubDepth depth = ScrubDepth::bytes;
  bool is_repair = false;
  std::uint64_t bytes_per_second = 0;
};

/// A check by hand, as somebody sees it who watches.
struct ScrubView {
  std::uint64_t run = 0;
  bool is_running = false;
  ScrubOrder order = {};
  std::string failure = {};  ///< why it ended early
  ScrubReport report = {};
  std::uint64_t first = 0;  ///< number of the first finding below
  std::vector<Finding> findings = {};
};

/// Threading: any thread. Lifetime: outlives the loop; the loop ends after stop().
class ScrubDesk {
 public:
  ScrubDesk(boost::asio::any_io_executor loop, Scrubber& scrubber, const Clock& clock, Log& log, Metrics& metrics,
            Job& job, ScrubDeskOptions options);

  /// One round of the background: on the loop. It gives way to a check by hand.
  Task<> run_round();

  /// Compares rows and files by their sizes, both ways: on the loop. True if it came to its end.
  Task<bool> compare();

  /// Begins a check by hand. Refused: read_only, overloaded (one is under way).
  Result<std::uint64_t> start(ScrubOrder order);
  /// The latest check by hand, with findings from number `from` on; nothing if there was none or it has another number.
  std::optional<ScrubView> look(std::uint64_t run, std::uint64_t from);

  /// Runs end where they are; none begins.
  void stop();

 private:
  Task<> run_by_hand(ScrubOrder order);
  Task<std::string> scrub_round(JobRun& run);
  Task<std::string> compare_round(JobRun& run, ScrubReport& report);
  Task<std::string> check(JobRun& run, ScrubRequest& request, ScrubReport& report);
  ScrubRequest counted_request();
  void note(const Finding& finding);

  // Fixed after construction.
  const boost::asio::any_io_executor loop_;
  Scrubber& scrubber_;
  const Clock& clock_;
  Log& log_;
  Job& job_;
  const ScrubDeskOptions options_;
  Counter& blobs_;
  Counter& bytes_;
  std::array<Counter*, kFindingKindCount> findings_;
  // Loop only.
  KeyLock turns_;  ///< one key: who runs
  std::optional<MonotonicTime> walked_files_;
  // Any thread.
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_hand_waiting_{false};
  // Guarded by mutex_.
  std::mutex mutex_;
  ScrubView view_;  ///< with all findings that are kept
};

}  // namespace berth
