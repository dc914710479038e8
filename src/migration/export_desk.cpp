#include "migration/export_desk.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "base/at_end.h"

namespace berth {
namespace {

constexpr std::size_t kDifferenceLimit = 10'000;
constexpr std::size_t kMostAtOnce = 500;

}  // namespace

ExportDesk::ExportDesk(boost::asio::any_io_executor loop, LinkExporter& exporter, AdoptionDesk& adoption, Log& log)
    : loop_(std::move(loop)), exporter_(exporter), adoption_(adoption), log_(log) {}

Result<std::uint64_t> ExportDesk::start(LinkAction action) {
  if (!adoption_.is_complete()) {
    return refuse(ErrorCode::conflict, "the volume's own links are not read to the end yet: berth import --status");
  }
  if (is_stopping_) return refuse(ErrorCode::overloaded, "the server is stopping");
  std::uint64_t run = 0;
  {
    const std::lock_guard lock(mutex_);
    if (view_.is_running) return refuse(ErrorCode::conflict, "an export is under way");
    view_ = ExportView{.run = view_.run + 1, .is_running = true, .action = action};
    run = view_.run;
  }
  boost::asio::co_spawn(loop_, run_by_hand(action), boost::asio::detached);
  return run;
}

Task<> ExportDesk::run_by_hand(LinkAction action) {
  constexpr std::chrono::milliseconds kLook{10};
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (is_exporting_) {  // the queue is being written
    timer.expires_after(kLook);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  is_exporting_ = true;
  const AtEnd end([this] { is_exporting_ = false; });
  ExportRun run{.action = action};
  run.should_stop = [this] { return is_stopping_.load(); };
  run.on_difference = [this](const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (view_.differences.size() < kDifferenceLimit) view_.differences.push_back(what);
  };
  run.on_progress = [this](const ExportReport& so_far) {
    const std::lock_guard lock(mutex_);
    view_.report = so_far;
  };
  ExportReport report;
  std::string failure;
  try {
    report = co_await exporter_.run(std::move(run));
    if (report.was_stopped) failure = "the server is stopping";
    if (failure.empty() && action == LinkAction::write) adoption_.follow_links();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  log_.info(action == LinkAction::write ? "links exported" : "links compared", {{"repositories", report.repositories},
                                                                                {"links", report.links},
                                                                                {"written", report.written},
                                                                                {"removed", report.removed},
                                                                                {"failure", failure}});
  const std::lock_guard lock(mutex_);
  view_.is_running = false;
  view_.report = report;
  view_.failure = std::move(failure);
}

std::optional<ExportView> ExportDesk::look(std::uint64_t run, std::uint64_t from) {
  const std::lock_guard lock(mutex_);
  if (run == 0 || view_.run != run) return std::nullopt;
  const std::size_t begin = std::min<std::size_t>(from, view_.differences.size());
  const std::size_t end = std::min(begin + kMostAtOnce, view_.differences.size());
  ExportView view{.run = view_.run,
                  // The end is told only with the last of them.
                  .is_running = view_.is_running || end < view_.differences.size(),
                  .action = view_.action,
                  .failure = view_.failure,
                  .report = view_.report,
                  .first = begin};
  view.differences.assign(view_.differences.begin() + static_cast<std::ptrdiff_t>(begin),
                          view_.differences.begin() + static_cast<std::ptrdiff_t>(end));
  return view;
}

Task<> ExportDesk::write_queue() {
  if (is_exporting_ || !adoption_.is_complete()) co_return;
  is_exporting_ = true;
  const AtEnd end([this] { is_exporting_ = false; });
  co_await exporter_.write_queue([this] { return is_stopping_.load(); });
}

Task<> ExportDesk::begin_following(LinkStore& links) {
  if (is_exporting_ || !adoption_.is_complete() || !adoption_.follows_links()) co_return;
  const LinkTreeState state = co_await links.link_state();
  if (state != LinkTreeState::following) co_return;
  is_exporting_ = true;
  const AtEnd end([this] { is_exporting_ = false; });
  log_.info("writing the link tree of CNCF Distribution (storage.distribution_links)");
  ExportRun run;
  run.should_stop = [this] { return is_stopping_.load(); };
  co_await exporter_.run(std::move(run));
}

}  // namespace berth
