// RetentionDesk: retention plans that people ask for and apply, and runs that come round by themselves. One at a time.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lifecycle/job_book.h"
#include "lifecycle/retention_engine.h"
#include "registry/read_only_mode.h"

namespace berth {

struct RetentionDeskOptions {
  const ReadOnlyMode* read_only = nullptr;  ///< while it is on plans are made, and none is applied. Null: never
  std::size_t plans_kept = 100;             ///< that can still be applied
  std::size_t deletions_kept = 10'000;      ///< of the last plan, to tell what has changed since
  std::size_t left_kept = 1'000;            ///< of a run, for whoever watches
};

/// What somebody asks to be planned.
struct RetentionOrder {
  std::optional<RepositoryName> repository = {};         ///< nothing: all that a delete rule is about
  std::optional<std::vector<RetentionRule>> rules = {};  ///< nothing: those of the configuration
  std::string who;
};

/// The carrying out of a plan, as somebody sees it who watches.
struct RetentionView {
  std::uint64_t run = 0;
  bool is_running = false;
  std::string plan;
  std::string failure = {};     ///< why it ended early
  std::uint64_t deletions = 0;  ///< that the plan has
  RetentionReport report = {};
  std::vector<RetentionLeft> left = {};  ///< at most `left_kept`
};

/// Threading: any thread; plans are made on the caller's loop and the engine's workers. Lifetime: outlives the loop;
/// the loop ends after stop().
class RetentionDesk {
 public:
  RetentionDesk(boost::asio::any_io_executor loop, RetentionEngine& engine, RetentionStore& store, const Clock& clock,
                Log& log, Job& job, RetentionDeskOptions options);

  /// In force from the next plan or run on.
  void set_rules(std::vector<RetentionRule> rules);
  std::vector<RetentionRule> rules() const;

  /// Makes a plan that can be applied by its id. Refused: request_invalid (there are no rules, too much to plan),
  /// not_found (no such repository), overloaded (another plan is being made).
  Task<Result<std::shared_ptr<const RetentionPlan>>> plan(RetentionOrder order);

  Task<std::string> describe(std::shared_ptr<const RetentionPlan> plan, PlanForm form, PlanLines lines) {
    return engine_.describe(std::move(plan), form, lines);
  }

  /// Makes the plan again and begins to carry it out. Refused: not_found (no such plan), conflict (it would
  /// be another plan now, the message says why; or a run is under way), read_only, overloaded (the server is stopping).
  Task<Result<std::uint64_t>> apply(std::string id, std::string who);
  /// The latest run that was asked for; nothing if it has another number.
  std::optional<RetentionView> look(std::uint64_t run) const;

  /// One run over all repositories by the configured rules: on the loop. Does nothing while another is under way.
  Task<> run_round();

  /// Runs end where they are; none begins.
  void stop() { is_stopping_ = true; }

 private:
  bool is_read_only() const { return options_.read_only != nullptr && options_.read_only->is_on(); }
  /// Whoever runs; empty if somebody does already.
  class Turn;
  Task<Result<std::shared_ptr<const RetentionPlan>>> make_again(std::string id);
  Task<> run_by_hand(std::shared_ptr<const RetentionPlan> plan, std::string who, std::unique_ptr<Turn> turn);
  Task<std::string> carry_out(JobRun& run, const RetentionPlan& plan, const std::string& who);
  Task<std::string> run_all(JobRun& run);
  RetentionControl control_of(JobRun& run, std::uint64_t total) const;
  void remember(const RetentionPlan& plan);
  std::string what_changed(const RetentionPlan& made_again, const std::string& id) const;

  // Fixed after construction.
  const boost::asio::any_io_executor loop_;
  RetentionEngine& engine_;
  RetentionStore& store_;
  const Clock& clock_;
  Log& log_;
  Job& job_;
  const RetentionDeskOptions options_;
  // Any thread.
  std::atomic<bool> is_stopping_{false};
  // Of whoever has his turn, too: a run that its loop drops without resuming it gives the turn back after the desk is
  // gone.
  const std::shared_ptr<std::atomic<bool>> is_running_ = std::make_shared<std::atomic<bool>>(false);
  const std::shared_ptr<std::atomic<bool>> is_planning_ = std::make_shared<std::atomic<bool>>(false);
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::vector<RetentionRule> rules_;
  std::optional<RetentionPlan> last_;  // its deletions alone
  RetentionView view_;
};

}  // namespace berth
