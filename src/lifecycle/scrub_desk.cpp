#include "lifecycle/scrub_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <utility>

namespace berth {
namespace {

constexpr const char* kTurn = "run";
constexpr std::chrono::hours kLongestRun{24 * 365};

std::array<Counter*, kFindingKindCount> finding_counters(Metrics& metrics) {
  std::array<Counter*, kFindingKindCount> counters{};
  for (std::size_t i = 0; i < counters.size(); ++i) {
    counters[i] = &metrics.counter("berth_scrub_findings_total", "What checks of the stored bytes found.",
                                   {{"kind", std::string(name_of(static_cast<FindingKind>(i)))}});
  }
  return counters;
}

}  // namespace

ScrubDesk::ScrubDesk(boost::asio::any_io_executor loop, Scrubber& scrubber, const Clock& clock, Log& log,
                     Metrics& metrics, Job& job, ScrubDeskOptions options)
    : loop_(std::move(loop)),
      scrubber_(scrubber),
      clock_(clock),
      log_(log),
      job_(job),
      options_(options),
      blobs_(metrics.counter("berth_scrub_blobs_total", "Blobs that were checked.")),
      bytes_(metrics.counter("berth_scrub_bytes_total", "Bytes of blobs that were checked.")),
      findings_(finding_counters(metrics)) {}

/// Its progress goes to the counters as it is made.
ScrubRequest ScrubDesk::counted_request() {
  ScrubRequest request;
  request.on_progress = [this, blobs = std::size_t{0}, bytes = std::uint64_t{0}](const ScrubReport& report) mutable {
    blobs_.add(report.blobs - std::exchange(blobs, report.blobs));
    // A file that is longer than its record counts as it should be.
    if (report.bytes > bytes) bytes_.add(report.bytes - bytes);
    bytes = report.bytes;
  };
  request.on_finding = [this](const Finding& finding) { findings_.at(std::to_underlying(finding.kind))->add(1); };
  return request;
}

Task<> ScrubDesk::run_round() {
  if (is_stopping_) co_return;
  // Nothing to do now if a check by hand is under way: it does more than a round would.
  const std::optional<KeyLock::Guard> turn = turns_.try_acquire(kTurn);
  if (!turn) co_return;
  co_await job_.run([this](JobRun& run) { return scrub_round(run); });
}

Task<std::string> ScrubDesk::scrub_round(JobRun& run) {
  const MonotonicTime now = clock_.monotonic();
  ScrubRequest request = counted_request();
  request.bytes_per_second = options_.bytes_per_second;
  request.verified_before = clock_.now() - options_.interval;
  request.walks_files = !walked_files_ || now - *walked_files_ >= options_.interval;
  const bool walks = request.walks_files;
  request.should_stop = [this] { return is_stopping_ || is_hand_waiting_; };
  ScrubReport report;
  std::string result = co_await check(run, request, report);
  if (walks && !report.was_stopped) walked_files_ = now;
  co_return result;
}

Task<bool> ScrubDesk::compare() {
  const KeyLock::Guard turn = co_await turns_.acquire(kTurn, kLongestRun);
  ScrubReport report;
  co_await job_.run([this, &report](JobRun& run) { return compare_round(run, report); });
  co_return !report.was_stopped;
}

Task<std::string> ScrubDesk::compare_round(JobRun& run, ScrubReport& report) {
  ScrubRequest request = counted_request();
  request.depth = ScrubDepth::sizes;
  request.walks_files = true;
  request.should_stop = [this] { return is_stopping_.load(); };
  std::string result = co_await check(run, request, report);
  co_return result;
}

Task<std::string> ScrubDesk::check(JobRun& run, ScrubRequest& request, ScrubReport& report) {
  request.should_stop = [&run, stops = std::move(request.should_stop)] { return stops() || run.should_stop(); };
  request.on_progress = [&run, tell = std::move(request.on_progress)](const ScrubReport& so_far) {
    tell(so_far);
    run.set_progress(so_far.bytes, so_far.bytes_total);
  };
  report = co_await scrubber_.run(std::move(request));
  if (report.was_stopped) run.cut_short();
  co_return fmt::format("checked {} blobs ({} bytes), found {}, mended {}", report.blobs, report.bytes,
                        report.standing + report.mended, report.mended);
}

Result<std::uint64_t> ScrubDesk::start(ScrubOrder order) {
  if (options_.read_only != nullptr && options_.read_only->is_on() && order.is_repair) {
    return refuse(ErrorCode::read_only, "the registry is read-only: nothing is repaired");
  }
  if (is_stopping_) return refuse(ErrorCode::overloaded, "the server is stopping");
  std::uint64_t run = 0;
  {
    const std::lock_guard lock(mutex_);
    if (view_.is_running) return refuse(ErrorCode::overloaded, "a check is under way");
    view_ = ScrubView{.run = view_.run + 1, .is_running = true, .order = order};
    run = view_.run;
  }
  boost::asio::co_spawn(loop_, run_by_hand(order), boost::asio::detached);
  return run;
}

Task<> ScrubDesk::run_by_hand(ScrubOrder order) {
  ScrubRequest request = counted_request();
  request.depth = order.depth;
  request.is_repair = order.is_repair;
  request.bytes_per_second = order.bytes_per_second;
  request.should_stop = [this] { return is_stopping_.load(); };
  request.on_finding = [this, counts = std::move(request.on_finding)](const Finding& finding) {
    counts(finding);
    note(finding);
  };
  request.on_progress = [this, counts = std::move(request.on_progress)](const ScrubReport& report) {
    counts(report);
    const std::lock_guard lock(mutex_);
    view_.report = report;
  };
  ScrubReport report;
  std::string failure;
  try {
    is_hand_waiting_ = true;
    const KeyLock::Guard turn = co_await turns_.acquire(kTurn, kLongestRun);
    is_hand_waiting_ = false;
    co_await job_.run([this, &request, &report](JobRun& run) { return check(run, request, report); });
    if (report.was_stopped) failure = is_stopping_ ? "the server is stopping" : "it was stopped";
  } catch (const std::exception& error) {
    failure = error.what();
  }
  is_hand_waiting_ = false;
  log_.info("check by hand ended", {{"blobs", std::uint64_t{report.blobs}},
                                    {"bytes", report.bytes},
                                    {"standing", std::uint64_t{report.standing}},
                                    {"mended", std::uint64_t{report.mended}},
                                    {"failure", failure}});
  const std::lock_guard lock(mutex_);
  view_.is_running = false;
  // What was found until it failed is on view already.
  if (failure.empty()) view_.report = report;
  view_.failure = std::move(failure);
}

void ScrubDesk::note(const Finding& finding) {
  const std::lock_guard lock(mutex_);
  if (view_.findings.size() < options_.finding_limit) view_.findings.push_back(finding);
}

std::optional<ScrubView> ScrubDesk::look(std::uint64_t run, std::uint64_t from) {
  constexpr std::size_t kMostAtOnce = 500;
  const std::lock_guard lock(mutex_);
  if (run == 0 || view_.run != run) return std::nullopt;
  const std::size_t begin = std::min<std::size_t>(from, view_.findings.size());
  const std::size_t end = std::min(begin + kMostAtOnce, view_.findings.size());
  ScrubView view{.run = view_.run,
                 // The end is told only with the last of them.
                 .is_running = view_.is_running || end < view_.findings.size(),
                 .order = view_.order,
                 .failure = view_.failure,
                 .report = view_.report,
                 .first = begin};
  view.findings.assign(view_.findings.begin() + static_cast<std::ptrdiff_t>(begin),
                       view_.findings.begin() + static_cast<std::ptrdiff_t>(end));
  return view;
}

void ScrubDesk::stop() {
  is_stopping_ = true;
}

}  // namespace berth
