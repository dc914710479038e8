#include "lifecycle/collection_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace berth {
namespace {

constexpr const char* kTurn = "run";
constexpr std::chrono::hours kLongestRun{24 * 365};
constexpr std::size_t kTrashDroppedAtOnce = 64;

std::string words_for(const CollectionReport& report) {
  if (report.was_paused) return "removed nothing: which promises have ended is not known";
  return fmt::format("removed {} blobs ({} bytes), {} manifests", report.blobs, report.bytes, report.manifests);
}

}  // namespace

CollectionDesk::CollectionDesk(boost::asio::any_io_executor loop, Collector& collector, BlobStore& blobs,
                               TrashStore& trash, const Clock& clock, Log& log, Metrics& metrics, Job& job,
                               CollectionDeskOptions options)
    : loop_(std::move(loop)),
      collector_(collector),
      blobs_(blobs),
      trash_(trash),
      clock_(clock),
      log_(log),
      job_(job),
      options_(std::move(options)),
      removed_manifests_(
          metrics.counter("berth_collection_removed_manifests_total", "Manifests that the collector removed.")),
      removed_blobs_(metrics.counter("berth_collection_removed_blobs_total", "Blobs that the collector removed.")),
      removed_bytes_(
          metrics.counter("berth_collection_removed_bytes_total", "Bytes of blobs that the collector removed.")),
      failed_removals_(metrics.counter("berth_collection_failed_removals_total",
                                       "Files that could not be removed; they are tried again.")) {}

Task<> CollectionDesk::run_round() {
  if (is_read_only() || is_stopping_) co_return;
  // Nothing to do now if a run by hand is under way: it does more than a round would.
  const std::optional<KeyLock::Guard> turn = turns_.try_acquire(kTurn);
  if (!turn) co_return;
  co_await job_.run([this](JobRun& run) { return collect_round(run); });
}

Task<std::string> CollectionDesk::collect_round(JobRun& run) {
  CollectionRequest request{.pace = options_.pace};
  const MonotonicTime now = clock_.monotonic();
  request.walks_untagged =
      collector_.takes_untagged() && (!walked_untagged_ || now - *walked_untagged_ >= options_.untagged_walk_interval);
  request.should_stop = [this, &run] {
    return is_stopping_ || is_hand_waiting_ || is_read_only() || run.should_stop();
  };
  request.on_outcome = [&run, count = std::uint64_t{0}](const ReviewOutcome&) mutable { run.set_progress(++count, 0); };
  if (co_await is_space_low()) {
    request.drops_trash = kTrashDroppedAtOnce;
    log_.warn("the disk is almost full: the oldest of the trash goes");
  }
  const bool walks = request.walks_untagged;
  const CollectionReport report = co_await collector_.run(std::move(request));
  count(report);
  if (walks && !report.was_stopped) walked_untagged_ = now;
  if (report.was_stopped) run.cut_short();
  co_return words_for(report);
}

Task<bool> CollectionDesk::is_space_low() {
  if (!options_.reserved_bytes || options_.keep_trash.count() == 0) co_return false;
  const StorageSpace space = co_await blobs_.space();
  const std::uint64_t reserve = options_.reserved_bytes(space.total_bytes);
  // Well before pushes are refused.
  if (space.available_bytes >= 2 * reserve) co_return false;
  const Page<TrashedManifest> oldest = co_await trash_.list_trash(std::nullopt, 0, 1);
  co_return !oldest.entries.empty();
}

Result<std::uint64_t> CollectionDesk::start(CollectionOrder order) {
  if (is_read_only() && !order.is_dry_run) {
    return refuse(ErrorCode::read_only, "the registry is read-only: nothing is collected");
  }
  if (const std::string why = options_.held_because ? options_.held_because() : ""; !why.empty() && !order.is_dry_run) {
    return refuse(ErrorCode::conflict, why);
  }
  if (is_stopping_) return refuse(ErrorCode::overloaded, "the server is stopping");
  std::uint64_t run = 0;
  {
    const std::lock_guard lock(mutex_);
    if (view_.is_running) return refuse(ErrorCode::overloaded, "a garbage collection is under way");
    view_ = CollectionView{.run = view_.run + 1, .is_running = true, .is_dry_run = order.is_dry_run};
    outcomes_.clear();
    first_outcome_ = read_to_ = 0;
    is_unwatched_ = false;
    run = view_.run;
  }
  CollectionRequest request{.scope = CollectionScope::everything, .is_dry_run = order.is_dry_run};
  request.empties_trash = order.empties_trash.value_or(options_.empties_trash_by_hand);
  if (order.takes_untagged) {
    request.keep_untagged = std::chrono::seconds(0);
    request.walks_untagged = true;
  }
  boost::asio::co_spawn(loop_, run_by_hand(std::move(request)), boost::asio::detached);
  return run;
}

Task<> CollectionDesk::run_by_hand(CollectionRequest request) {
  request.walks_untagged = request.walks_untagged || collector_.takes_untagged();
  request.before_batch = [this] { return wait_for_watcher(); };
  const bool is_dry_run = request.is_dry_run;
  CollectionReport report;
  std::int64_t freed_bytes = 0;
  TrashSummary trash;
  std::string failure;
  try {
    is_hand_waiting_ = true;
    const KeyLock::Guard turn = co_await turns_.acquire(kTurn, kLongestRun);
    is_hand_waiting_ = false;
    const StorageSpace before = co_await blobs_.space();
    // A dry run is nobody's job: it leaves everything as it was.
    if (is_dry_run) {
      request.should_stop = [this] { return is_stopping_.load(); };
      request.on_outcome = [this](const ReviewOutcome& outcome) { note(outcome); };
      report = co_await collector_.run(std::move(request));
    } else {
      co_await job_.run([this, &request, &report](JobRun& run) { return collect_by_hand(run, request, report); });
    }
    const StorageSpace after = co_await blobs_.space();
    freed_bytes = static_cast<std::int64_t>(after.available_bytes) - static_cast<std::int64_t>(before.available_bytes);
    trash = co_await trash_.summarize_trash();
    if (report.was_stopped && !report.was_paused) {
      failure = is_stopping_     ? "the server is stopping"
                : is_read_only() ? "the registry became read-only"
                                 : "it was stopped";
    }
  } catch (const std::exception& error) {
    failure = error.what();
  }
  is_hand_waiting_ = false;
  if (!is_dry_run) count(report);
  log_.info("garbage collection by hand ended", {{"dry_run", is_dry_run},
                                                 {"manifests", std::uint64_t{report.manifests}},
                                                 {"blobs", std::uint64_t{report.blobs}},
                                                 {"bytes", report.bytes},
                                                 {"failure", failure}});
  const std::lock_guard lock(mutex_);
  view_.is_running = false;
  view_.failure = std::move(failure);
  view_.report = report;
  view_.freed_bytes = freed_bytes;
  if (trash.oldest) view_.trash_until = *trash.oldest + options_.keep_trash;
  view_.trash = trash;
}

Task<std::string> CollectionDesk::collect_by_hand(JobRun& run, CollectionRequest& request, CollectionReport& report) {
  request.should_stop = [this, &run] { return is_stopping_ || is_read_only() || run.should_stop(); };
  request.on_outcome = [this, &run](const ReviewOutcome& outcome) { run.set_progress(note(outcome), 0); };
  report = co_await collector_.run(std::move(request));
  if (report.was_stopped) run.cut_short();
  co_return words_for(report);
}

// Whoever watches reads in pieces. A run waits for him a while, so that nothing is left out; then it goes on without,
// until he looks again.
Task<> CollectionDesk::wait_for_watcher() {
  constexpr std::chrono::milliseconds kStep{20};
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  const MonotonicTime deadline = clock_.monotonic() + options_.watcher_wait;
  while (!is_stopping_) {
    {
      const std::lock_guard lock(mutex_);
      if (is_unwatched_ || first_outcome_ + outcomes_.size() - read_to_ < options_.outcome_limit / 2) co_return;
      if (clock_.monotonic() >= deadline) is_unwatched_ = true;
    }
    timer.expires_after(kStep);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

std::uint64_t CollectionDesk::note(const ReviewOutcome& outcome) {
  const std::lock_guard lock(mutex_);
  ++view_.report.looked_at;
  if (outcome.verdict != Verdict::removed && outcome.verdict != Verdict::waiting) return view_.report.looked_at;
  outcomes_.push_back(outcome);
  if (outcomes_.size() > options_.outcome_limit) {
    outcomes_.pop_front();
    ++first_outcome_;
    read_to_ = std::max(read_to_, first_outcome_);
  }
  return view_.report.looked_at;
}

std::optional<CollectionView> CollectionDesk::look(std::uint64_t run, std::uint64_t from) {
  const std::lock_guard lock(mutex_);
  if (run == 0 || view_.run != run) return std::nullopt;
  is_unwatched_ = false;
  // What is asked for from a number on was read up to there.
  while (first_outcome_ < from && !outcomes_.empty()) {
    outcomes_.pop_front();
    ++first_outcome_;
  }
  constexpr std::size_t kMostAtOnce = 1000;
  CollectionView view = view_;
  view.first = first_outcome_;
  const auto count = static_cast<std::ptrdiff_t>(std::min(outcomes_.size(), kMostAtOnce));
  view.outcomes.assign(outcomes_.begin(), outcomes_.begin() + count);
  read_to_ = std::max(read_to_, first_outcome_ + static_cast<std::uint64_t>(count));
  // The end is told only with the last of them.
  if (static_cast<std::size_t>(count) < outcomes_.size()) view.is_running = true;
  return view;
}

void CollectionDesk::stop() {
  is_stopping_ = true;
}

void CollectionDesk::count(const CollectionReport& report) {
  removed_manifests_.add(report.manifests);
  removed_blobs_.add(report.blobs);
  removed_bytes_.add(report.bytes);
  failed_removals_.add(report.failed_removals);
}

}  // namespace berth
