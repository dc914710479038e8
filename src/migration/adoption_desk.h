// AdoptionDesk: the adoption of a volume in the background, as people see it, and what has to wait for it: requests for
// repositories that are not read yet, and all removal (data.md 6).
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "metadata/adoption_store.h"
#include "metadata/link_store.h"
#include "migration/adopter.h"
#include "observe/health.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "registry/repository_gate.h"
#include "storage/link_tree.h"

namespace berth {

struct AdoptionDeskOptions {
  std::chrono::milliseconds wait{10'000};  ///< of a request for a repository that is not read yet
  std::size_t asked_at_once = 4;           ///< repositories that are read because somebody asks for them
  /// Whether links are written while serving; unset: on a volume that was adopted.
  std::optional<bool> follows_links = {};
};

/// How far it is.
struct AdoptionView {
  AdoptionRecord record;
  bool is_pending = false;  ///< of whatever kind there is to do
  bool is_running = false;
  std::string failure = {};  ///< why it ended early
  std::uint64_t done = 0;    ///< repositories
  std::uint64_t total = 0;   ///< 0: not counted yet
};

/// Threading: any thread where nothing else is said. Lifetime: outlives the loop; the loop ends after stop().
class AdoptionDesk final : public RepositoryGate {
 public:
  struct Parts {
    Adopter& adopter;
    AdoptionStore& store;
    LinkStore& links;
    LinkTree& tree;
    const Clock& clock;
    Log& log;
    Metrics& metrics;
    Health& health;
  };
  AdoptionDesk(boost::asio::any_io_executor loop, Parts parts, AdoptionDeskOptions options);

  /// Before anything is served or removed: what has to be done. A volume whose links may have been changed by another
  /// registry is compared with them.
  Task<> prepare();

  /// Runs what prepare() found, to its end or until stop(). `should_stop` and `on_progress` may be empty. On the loop.
  Task<> run(std::function<bool()> should_stop,
             std::function<void(std::uint64_t done, std::uint64_t total)> on_progress);

  bool is_watching() const override { return is_pending_ && holds_requests_; }
  Task<bool> admit(RepositoryName repository, Use use) override;

  /// Whether all of it is read. What is written into the tree, too, has to wait for that.
  bool is_complete() const { return !is_pending_; }
  bool may_remove() const { return !is_pending_ && !is_held_; }
  /// Why nothing is removed, for people; empty: it may be.
  std::string reason() const;
  /// Whether links are written behind every change.
  bool follows_links() const { return follows_links_; }
  /// Somebody wants to hand the volume back: from now on, as long as this process lives.
  void follow_links() { follows_links_ = true; }

  Task<std::optional<AdoptionView>> look();
  Task<std::vector<AdoptionProblem>> problems(std::int64_t after, std::size_t limit) {
    return parts_.store.problems(after, limit);
  }
  /// Runs it behind the caller, if there is something to run and nobody does.
  void begin();
  /// Refused: conflict (it is not over yet).
  Task<Result<std::uint64_t>> accept_losses();

  void stop() { is_stopping_ = true; }

 private:
  Task<> run_alone(std::function<bool()> should_stop,
                   std::function<void(std::uint64_t done, std::uint64_t total)> on_progress);
  Task<> complete();
  void tell_health();
  void tell_log();
  void ask_for(const std::string& name);
  Task<> read_asked(std::string name);

  // Fixed after construction, but what prepare() finds.
  const boost::asio::any_io_executor loop_;
  const Parts parts_;
  const AdoptionDeskOptions options_;
  AdoptionKind kind_ = AdoptionKind::first;
  WallTime began_ = {};
  // Any thread.
  std::atomic<bool> is_pending_{false};
  std::atomic<bool> holds_requests_{false};
  std::atomic<bool> is_held_{false};
  std::atomic<bool> is_running_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> follows_links_{false};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> total_{0};
  // Guarded by mutex_.
  std::mutex mutex_;
  std::string failure_;
  // Loop only.
  std::set<std::string> asked_;
  MonotonicTime told_ = {};
};

}  // namespace berth
