#include "migration/adoption_desk.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "base/at_end.h"

namespace berth {

AdoptionDesk::AdoptionDesk(boost::asio::any_io_executor loop, Parts parts, AdoptionDeskOptions options)
    : loop_(std::move(loop)), parts_(parts), options_(options) {
  parts_.metrics.gauge_from("berth_adoption_pending", "1 while repositories of an adopted volume are still to be read.",
                            [this] { return is_pending_ ? 1.0 : 0.0; });
  parts_.metrics.gauge_from("berth_adoption_repositories_read", "Repositories read by the adoption that goes on.",
                            [this] { return static_cast<double>(done_); });
  parts_.metrics.gauge_from("berth_removal_held", "1 while nothing is removed for the sake of an adopted volume.",
                            [this] { return may_remove() ? 0.0 : 1.0; });
}

Task<> AdoptionDesk::prepare() {
  const std::optional<AdoptionRecord> first = co_await parts_.store.adoption(AdoptionKind::first);
  const std::optional<AdoptionRecord> merge = co_await parts_.store.adoption(AdoptionKind::merge);
  const LinkTreeState links = co_await parts_.links.link_state();
  const bool wants_links = options_.follows_links.value_or(first.has_value());
  if (wants_links && links == LinkTreeState::ignored) {
    // Not for what is adopted, but for what is pushed from here on.
    co_await parts_.links.set_link_state(LinkTreeState::following);
  }
  follows_links_ = wants_links;
  const std::optional<AdoptionRecord>& latest = merge ? merge : first;
  is_held_ = latest && latest->holding > 0;
  if (first && first->state == AdoptionState::running) {
    kind_ = AdoptionKind::first;
    began_ = first->began;
    is_pending_ = holds_requests_ = true;
    tell_health();
    parts_.log.info("adopting a volume of CNCF Distribution: repositories are served as they are read");
  } else if (links == LinkTreeState::current) {
    // Whoever serves from the links may have changed them since we looked last. What is on record is right but for
    // that, and is served meanwhile.
    kind_ = AdoptionKind::merge;
    began_ = parts_.clock.now();
    is_pending_ = true;
  } else if (is_held_) {
    parts_.log.warn(reason());
  }
}

std::string AdoptionDesk::reason() const {
  if (is_pending_ && kind_ == AdoptionKind::first) {
    return "nothing is removed until the last repository of the adopted volume was read (berth import --status)";
  }
  if (is_pending_) return "nothing is removed until the records were compared with the volume's links";
  if (is_held_) {
    return "nothing is removed because some of the adopted volume could not be read: berth import --status names it, "
           "and"
           " berth import --accept-losses settles it";
  }
  return {};
}

Task<> AdoptionDesk::run(std::function<bool()> should_stop,
                         std::function<void(std::uint64_t done, std::uint64_t total)> on_progress) {
  if (!is_pending_ || is_running_.exchange(true)) co_return;
  co_await run_alone(std::move(should_stop), std::move(on_progress));
}

Task<> AdoptionDesk::run_alone(std::function<bool()> should_stop,
                               std::function<void(std::uint64_t done, std::uint64_t total)> on_progress) {
  const AtEnd end([this] { is_running_ = false; });
  // Each from its beginning: what was compared before the last stop may have changed since.
  if (kind_ == AdoptionKind::merge) co_await parts_.store.begin_adoption(kind_, parts_.clock.now());
  told_ = parts_.clock.monotonic();
  AdoptionRun run{.kind = kind_, .began = began_};
  run.should_stop = [this, should_stop = std::move(should_stop)] {
    return is_stopping_ || (should_stop && should_stop());
  };
  run.on_progress = [this, on_progress = std::move(on_progress)](std::uint64_t done, std::uint64_t total) {
    done_ = done;
    total_ = total;
    tell_health();
    tell_log();
    if (on_progress) on_progress(done, total);
  };
  const bool is_all = co_await parts_.adopter.run(std::move(run));
  if (is_all) co_await complete();
}

Task<> AdoptionDesk::complete() {
  const std::optional<AdoptionRecord> record = co_await parts_.store.adoption(kind_);
  is_held_ = record && record->holding > 0;
  // The tree has all that was read, and what was pushed meanwhile waits in the queue. Whoever handed the volume back
  // and does not want links wants them no longer.
  const LinkTreeState links = co_await parts_.links.link_state();
  if (!follows_links_) {
    if (links != LinkTreeState::ignored) co_await parts_.links.set_link_state(LinkTreeState::ignored);
  } else if (kind_ == AdoptionKind::first && links == LinkTreeState::following) {
    co_await parts_.links.set_link_state(LinkTreeState::current);
  }
  is_pending_ = false;
  tell_health();
  const AdoptionCounts& counts = record->counts;
  parts_.log.info(kind_ == AdoptionKind::first ? "adoption complete" : "the records agree with the volume's links",
                  {{"repositories", counts.repositories},
                   {"tags", counts.tags},
                   {"manifests", counts.manifests},
                   {"layers", counts.layers},
                   {"unlinked_blobs", counts.unlinked},
                   {"dropped_uploads", counts.uploads},
                   {"removed", counts.removed},
                   {"problems", record->problems}});
  if (is_held_) parts_.log.warn(reason());
}

void AdoptionDesk::tell_log() {
  constexpr std::chrono::seconds kBetween{10};
  const MonotonicTime now = parts_.clock.monotonic();
  if (now - told_ < kBetween) return;
  told_ = now;
  parts_.log.info(kind_ == AdoptionKind::first ? "adoption goes on" : "comparison with the links goes on",
                  {{"repositories", done_.load()}, {"of", total_.load()}});
}

void AdoptionDesk::tell_health() {
  if (kind_ != AdoptionKind::first) return;
  std::optional<std::string> text;
  if (is_pending_) text = fmt::format("{} of {} repositories are read", done_.load(), total_.load());
  parts_.health.note("adoption", std::move(text));
}

Task<bool> AdoptionDesk::admit(RepositoryName repository, Use use) {
  constexpr std::chrono::milliseconds kLook{10};
  if (!is_watching()) co_return true;
  const MonotonicTime deadline = parts_.clock.monotonic() + options_.wait;
  bool has_asked = false;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (is_watching()) {
    const bool is_finished = co_await parts_.store.is_finished(repository.text());
    if (is_finished) co_return true;
    if (!has_asked) {
      const bool is_there = co_await parts_.tree.has_repository(repository.text());
      if (!is_there) co_return true;
      boost::asio::post(loop_, [this, name = repository.text()] { ask_for(name); });
      has_asked = true;
    }
    // A push adds to what is read, and what it brings stands whatever the tree says.
    if (is_stopping_ || parts_.clock.monotonic() >= deadline) co_return use == Use::push;
    timer.expires_after(kLook);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  co_return true;
}

void AdoptionDesk::ask_for(const std::string& name) {
  if (is_stopping_ || asked_.size() >= options_.asked_at_once || !asked_.insert(name).second) return;
  boost::asio::co_spawn(loop_, read_asked(name), boost::asio::detached);
}

Task<> AdoptionDesk::read_asked(std::string name) {
  try {
    co_await parts_.adopter.adopt_repository(name, kind_);
  } catch (const std::exception& error) {
    parts_.log.warn("adoption: a repository that was asked for could not be read",
                    {{"repository", name}, {"reason", error.what()}});
  }
  asked_.erase(name);
}

Task<std::optional<AdoptionView>> AdoptionDesk::look() {
  // What people ask about is the adoption; a comparison only if there was none, or while it runs.
  const std::optional<AdoptionRecord> first = co_await parts_.store.adoption(AdoptionKind::first);
  const std::optional<AdoptionRecord> merge = co_await parts_.store.adoption(AdoptionKind::merge);
  const bool is_comparing = is_running_ && kind_ == AdoptionKind::merge;
  const std::optional<AdoptionRecord>& shown = first && !is_comparing ? first : merge;
  if (!shown) co_return std::nullopt;
  const std::lock_guard lock(mutex_);
  co_return AdoptionView{.record = *shown,
                         .is_pending = is_pending_,
                         .is_running = is_running_,
                         .failure = failure_,
                         .done = done_,
                         .total = total_};
}

void AdoptionDesk::begin() {
  if (!is_pending_ || is_running_.exchange(true)) return;
  boost::asio::co_spawn(loop_, run_alone({}, {}), [this](const std::exception_ptr& error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& failure) {
      parts_.log.error("adoption ended early", {{"reason", failure.what()}});
      const std::lock_guard lock(mutex_);
      failure_ = failure.what();
    }
  });
}

Task<Result<std::uint64_t>> AdoptionDesk::accept_losses() {
  if (is_pending_) co_return refuse(ErrorCode::conflict, "the adoption is not over yet: berth import --status");
  const std::uint64_t count = co_await parts_.store.accept_losses();
  is_held_ = false;
  co_return count;
}

}  // namespace berth
