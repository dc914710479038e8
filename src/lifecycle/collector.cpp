#include "lifecycle/collector.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <exception>
#include <limits>
#include <set>
#include <utility>

#include "async/when_both.h"

namespace berth {

struct Collector::Run {
  const CollectionRequest& request;
  CollectionRules rules;
  CollectionReport report = {};
  MonotonicTime started;
  Courtesy courtesy;
  std::size_t deletions = 0;  // for the pace
  std::uint64_t paced_bytes = 0;
  std::set<Digest> waiting_blobs = {};

  bool should_stop() {
    if (request.should_stop && request.should_stop()) report.was_stopped = true;
    return report.was_stopped;
  }

  void count_marked(const DeletingBlob& blob) {
    count({.candidate = {.kind = ReviewKind::blob, .repository = std::nullopt, .digest = blob.digest, .due = {}},
           .verdict = Verdict::removed,
           .size_bytes = blob.size_bytes,
           .why = "marked by an earlier run"});
  }

  void count(const ReviewOutcome& outcome) {
    ++report.looked_at;
    if (outcome.verdict == Verdict::waiting) {
      ++report.waiting;
      const bool is_blob = outcome.candidate.kind == ReviewKind::link;
      if (is_blob && waiting_blobs.insert(outcome.candidate.digest).second) report.waiting_bytes += outcome.size_bytes;
    }
    if (outcome.verdict == Verdict::removed) {
      switch (outcome.candidate.kind) {
        case ReviewKind::manifest:
          ++report.manifests;
          break;
        case ReviewKind::link:
          ++report.links;
          break;
        case ReviewKind::blob:
          ++report.blobs;
          report.bytes += outcome.size_bytes;
          break;
      }
    }
    if (request.on_outcome) request.on_outcome(outcome);
  }
};

Collector::Collector(Stores stores, KeyLock& digest_locks, const Clock& clock, Log& log, CollectorOptions options)
    : blobs_(stores.blobs),
      metadata_(stores.metadata),
      collection_(stores.collection),
      trash_(stores.trash),
      digest_locks_(digest_locks),
      clock_(clock),
      log_(log),
      options_(std::move(options)),
      clock_guard_(clock, options_.promise) {}

Task<CollectionReport> Collector::run(CollectionRequest request) {
  const auto keep_untagged = request.keep_untagged ? request.keep_untagged : options_.keep_untagged;
  Run run{.request = request,
          .rules = {.now = clock_.now(),
                    .keep_untagged = keep_untagged,
                    .uses_trash = options_.keep_trash.count() > 0 && !request.empties_trash,
                    .may_remove = options_.may_remove},
          .started = clock_.monotonic(),
          .courtesy = Courtesy(clock_, options_.courtesy)};
  if (request.is_dry_run) {
    co_await preview(run);
  } else {
    co_await collect(run);
    while (co_await collection_.forget_removals(run.rules.now - options_.keep_removals, options_.batch_size) > 0) {
      if (run.should_stop()) break;
    }
  }
  co_return run.report;
}

// The same candidates and the same decisions as collect(); what a removal would set free is looked at next.
Task<> Collector::preview(Run& run) {
  const std::unique_ptr<CollectionPreview> preview = collection_.preview();
  // What an earlier run has marked and not finished goes with the next one, too.
  std::optional<Digest> after;
  for (;;) {
    const std::vector<DeletingBlob> marked = co_await collection_.deleting_blobs(after, options_.batch_size);
    if (marked.empty()) break;
    after = marked.back().digest;
    for (const DeletingBlob& blob : marked) run.count_marked(blob);
  }
  if (run.request.empties_trash) {
    std::vector<Candidate> needed = co_await preview->empty_trash();
    co_await preview_batches(run, *preview, std::move(needed));
  }
  if (run.request.scope == CollectionScope::everything) {
    std::optional<WalkPosition> position = WalkPosition();
    while (position && !run.should_stop()) {
      CandidatePage page = co_await collection_.all_candidates(*position, options_.batch_size);
      position = std::move(page.next);
      co_await preview_batch(run, *preview, std::move(page.entries));
    }
  } else {
    const std::size_t all = std::numeric_limits<std::int32_t>::max();
    std::vector<Candidate> due = co_await collection_.due_candidates(run.rules.now, all);
    co_await preview_batches(run, *preview, std::move(due));
  }
  if (run.request.walks_untagged) {
    std::optional<WalkPosition> position = WalkPosition();
    while (position && !run.should_stop()) {
      CandidatePage page = co_await collection_.untagged_manifests(*position, options_.batch_size);
      position = std::move(page.next);
      co_await preview_batch(run, *preview, std::move(page.entries));
    }
  }
  for (;;) {
    std::vector<Candidate> next = preview->take_follow_ups();
    if (next.empty() || run.should_stop()) break;
    co_await preview_batches(run, *preview, std::move(next));
  }
}

Task<> Collector::preview_batches(Run& run, CollectionPreview& preview, std::vector<Candidate> candidates) {
  for (std::size_t begin = 0; begin < candidates.size() && !run.should_stop(); begin += options_.batch_size) {
    const std::size_t end = std::min(begin + options_.batch_size, candidates.size());
    std::vector<Candidate> batch(candidates.begin() + static_cast<std::ptrdiff_t>(begin),
                                 candidates.begin() + static_cast<std::ptrdiff_t>(end));
    co_await preview_batch(run, preview, std::move(batch));
  }
}

Task<> Collector::preview_batch(Run& run, CollectionPreview& preview, std::vector<Candidate> batch) {
  if (run.request.before_batch) co_await run.request.before_batch();
  const std::vector<ReviewOutcome> outcomes = co_await preview.settle(std::move(batch), run.rules);
  for (const ReviewOutcome& outcome : outcomes) run.count(outcome);
}

Task<> Collector::collect(Run& run) {
  if (!clock_guard_.is_steady()) {
    run.report.was_paused = true;
    log_.warn("the clock was set: nothing is removed for one promise", {{"promise_s", options_.promise.count()}});
    co_return;
  }
  if (options_.may_remove && !options_.may_remove()) {
    run.report.was_stopped = run.report.was_paused = true;
    co_return;
  }
  co_await finish_marked(run);
  co_await expire_trash(run);
  if (run.request.scope == CollectionScope::everything) {
    std::optional<WalkPosition> position = WalkPosition();
    while (position && !run.should_stop()) {
      CandidatePage page = co_await collection_.all_candidates(*position, batch_size(run));
      position = std::move(page.next);
      co_await settle_batches(run, std::move(page.entries));
    }
  }
  if (run.request.walks_untagged) {
    std::optional<WalkPosition> position = WalkPosition();
    while (position && !run.should_stop()) {
      CandidatePage page = co_await collection_.untagged_manifests(*position, batch_size(run));
      position = std::move(page.next);
      co_await settle_batches(run, std::move(page.entries));
    }
  }
  // What is due, and what the removals so far have set free: they schedule it as due at the run's time.
  while (!run.should_stop()) {
    std::vector<Candidate> due = co_await collection_.due_candidates(run.rules.now, batch_size(run));
    if (due.empty()) break;
    co_await settle_batches(run, std::move(due));
  }
}

Task<> Collector::expire_trash(Run& run) {
  // Just behind the run's time: what was deleted in the same microsecond goes, too.
  const WallTime before =
      run.request.empties_trash ? run.rules.now + std::chrono::microseconds(1) : run.rules.now - options_.keep_trash;
  while (!run.should_stop()) {
    run.courtesy.begin();
    const std::size_t count = co_await trash_.expire_trash(before, run.rules.now, batch_size(run));
    if (count == 0) break;
    run.report.emptied += count;
    co_await keep_pace(run);
  }
  if (run.request.drops_trash > 0) {
    run.report.emptied += co_await trash_.expire_trash(WallTime::max(), run.rules.now, run.request.drops_trash);
  }
}

Task<> Collector::settle_batches(Run& run, std::vector<Candidate> candidates) {
  if (candidates.empty()) co_return;
  // A clock that is set while the run goes on must not end promises either; what may not be removed now waits.
  if (!clock_guard_.is_steady() || (options_.may_remove && !options_.may_remove())) {
    run.report.was_stopped = run.report.was_paused = true;
    co_return;
  }
  if (run.request.before_batch) co_await run.request.before_batch();
  run.courtesy.begin();
  const std::vector<ReviewOutcome> outcomes = co_await collection_.settle(std::move(candidates), run.rules);
  std::vector<DeletingBlob> marked;
  for (const ReviewOutcome& outcome : outcomes) {
    if (outcome.verdict == Verdict::removed) {
      log_.info("removed", {{"kind", outcome.candidate.kind == ReviewKind::manifest ? "manifest"
                                     : outcome.candidate.kind == ReviewKind::link   ? "link"
                                                                                    : "blob"},
                            {"repository", outcome.candidate.repository ? outcome.candidate.repository->text() : ""},
                            {"digest", outcome.candidate.digest.to_string()},
                            {"bytes", outcome.size_bytes},
                            {"why", outcome.why}});
      ++run.deletions;
    }
    if (outcome.verdict == Verdict::removed && outcome.candidate.kind == ReviewKind::blob) {
      marked.push_back({outcome.candidate.digest, outcome.size_bytes});
    }
    run.count(outcome);
  }
  co_await remove_bytes(run, std::move(marked));
  co_await keep_pace(run);
}

Task<> Collector::finish_marked(Run& run) {
  std::optional<Digest> after;
  while (!run.should_stop()) {
    run.courtesy.begin();
    std::vector<DeletingBlob> marked = co_await collection_.deleting_blobs(after, batch_size(run));
    if (marked.empty()) break;
    after = marked.back().digest;
    for (const DeletingBlob& blob : marked) run.count_marked(blob);
    co_await remove_bytes(run, std::move(marked));
    co_await keep_pace(run);
  }
}

Task<> Collector::remove_bytes(Run& run, std::vector<DeletingBlob> blobs) {
  std::span<const DeletingBlob> rest = blobs;
  while (!rest.empty()) {
    const std::size_t most = run.courtesy.is_busy() ? options_.busy_files_at_once : options_.files_at_once;
    const auto part = rest.first(std::min(rest.size(), most));
    rest = rest.subspan(part.size());
    std::vector<char> is_gone(part.size(), 0);
    co_await remove_files(part, is_gone);
    std::vector<Digest> finished;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (is_gone[i] != 0) {
        finished.push_back(part[i].digest);
        run.paced_bytes += part[i].size_bytes;
      } else {
        ++run.report.failed_removals;
      }
    }
    // Without the locks: only rows that are still marked go, and whoever puts the bytes in place anew unmarks the row.
    if (!finished.empty()) co_await collection_.finish_removals(std::move(finished));
  }
}

std::size_t Collector::batch_size(const Run& run) const {
  return run.courtesy.is_busy() ? options_.busy_batch_size : options_.batch_size;
}

// Side by side, so that syncs of directories are shared; each holds one lock.
Task<> Collector::remove_files(std::span<const DeletingBlob> blobs, std::span<char> is_gone) {
  if (blobs.size() == 1) {
    co_await remove_file(blobs.front(), is_gone.front());
    co_return;
  }
  const std::size_t half = blobs.size() / 2;
  co_await when_both(remove_files(blobs.first(half), is_gone.first(half)),
                     remove_files(blobs.subspan(half), is_gone.subspan(half)));
}

Task<> Collector::remove_file(const DeletingBlob& blob, char& is_gone) {
  try {
    const KeyLock::Guard guard = co_await digest_locks_.acquire(blob.digest.to_string(), options_.digest_lock_wait);
    const std::optional<BlobState> state = co_await metadata_.blob_state(blob.digest);
    // Pushed again meanwhile, or finished by somebody else: nothing is left to do.
    if (state == BlobState::deleting) co_await blobs_.delete_without_reference_check(blob.digest);
    is_gone = 1;
  } catch (const std::exception& error) {
    log_.error("a blob could not be removed, it will be tried again",
               {{"digest", blob.digest.to_string()}, {"reason", error.what()}});
  }
}

Task<> Collector::keep_pace(Run& run) {
  co_await run.courtesy.rest([&run] { return run.should_stop(); });
  const CollectionPace& pace = run.request.pace;
  std::chrono::duration<double> least{0};
  if (pace.deletions_per_second > 0) {
    least = std::chrono::duration<double>(static_cast<double>(run.deletions) /
                                          static_cast<double>(pace.deletions_per_second));
  }
  if (pace.bytes_per_second > 0) {
    least = std::max(least, std::chrono::duration<double>(static_cast<double>(run.paced_bytes) /
                                                          static_cast<double>(pace.bytes_per_second)));
  }
  // In small steps, so that a stop does not wait for a large blob's share of time.
  constexpr std::chrono::milliseconds kStep{100};
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (!run.should_stop()) {
    const auto left = least - std::chrono::duration<double>(clock_.monotonic() - run.started);
    if (left.count() <= 0) break;
    timer.expires_after(std::min(std::chrono::ceil<std::chrono::milliseconds>(left), kStep));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

}  // namespace berth
