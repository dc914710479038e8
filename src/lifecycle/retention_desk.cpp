#include "lifecycle/retention_desk.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <utility>

#include "lifecycle/retention_plan_text.h"
#include "lifecycle/retention_rule_config.h"

namespace berth {
namespace {

/// Who deletes when nobody asked for it, in the history of tags.
constexpr const char* kWho = "retention";
/// Of what has changed, in one message.
constexpr std::size_t kChangesTold = 5;

std::string words_for(const RetentionReport& report) {
  std::string words =
      fmt::format("deleted {} tags and {} untagged manifests", report.deleted_tags, report.deleted_manifests);
  if (report.left > 0) words += fmt::format(", left {} that had changed", report.left);
  if (report.repositories_left_out > 0) {
    words += fmt::format(", left out {} repositories (the log says why)", report.repositories_left_out);
  }
  return words;
}

}  // namespace

class RetentionDesk::Turn {
 public:
  explicit Turn(std::shared_ptr<std::atomic<bool>> is_taken)
      : is_taken_(std::move(is_taken)), is_mine_(!is_taken_->exchange(true)) {}
  ~Turn() {
    if (is_mine_) *is_taken_ = false;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool is_mine() const { return is_mine_; }

 private:
  const std::shared_ptr<std::atomic<bool>> is_taken_;
  const bool is_mine_;
};

RetentionDesk::RetentionDesk(boost::asio::any_io_executor loop, RetentionEngine& engine, RetentionStore& store,
                             const Clock& clock, Log& log, Job& job, RetentionDeskOptions options)
    : loop_(std::move(loop)), engine_(engine), store_(store), clock_(clock), log_(log), job_(job), options_(options) {}

void RetentionDesk::set_rules(std::vector<RetentionRule> rules) {
  const std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
}

std::vector<RetentionRule> RetentionDesk::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

Task<Result<std::shared_ptr<const RetentionPlan>>> RetentionDesk::plan(RetentionOrder order) {
  const Turn turn(is_planning_);
  if (!turn.is_mine()) co_return refuse(ErrorCode::overloaded, "another retention plan is being made");
  const bool is_configured = !order.rules.has_value();
  std::vector<RetentionRule> rules = is_configured ? this->rules() : *std::move(order.rules);
  if (rules.empty()) {
    co_return refuse(ErrorCode::request_invalid,
                     "there are no retention rules: the configuration has none (retention.rules), and none were given");
  }
  const WallTime now = clock_.now();
  Result<RetentionPlan> made = co_await engine_.plan(order.repository, std::move(rules), now);
  if (!made) co_return std::unexpected(std::move(made.error()));
  co_await store_.put_plan({.id = made->id,
                            .now = now,
                            .made = now,
                            .who = std::move(order.who),
                            .repository = std::move(order.repository),
                            .rules = retention_json(made->rules),
                            .is_configured = is_configured},
                           options_.plans_kept);
  remember(*made);
  co_return std::make_shared<const RetentionPlan>(*std::move(made));
}

void RetentionDesk::remember(const RetentionPlan& plan) {
  RetentionPlan deletions{.id = plan.id, .now = plan.now, .rules = plan.rules, .entries = {}, .totals = plan.totals};
  const std::uint64_t count = plan.totals.deleted_tags + plan.totals.deleted_manifests;
  if (count <= options_.deletions_kept) {
    for (const RetentionEntry& entry : plan.entries) {
      if (entry.decision == RetentionAction::remove) deletions.entries.push_back(entry);
    }
  }
  const std::lock_guard lock(mutex_);
  last_.reset();
  if (count <= options_.deletions_kept) last_ = std::move(deletions);
}

Task<Result<std::shared_ptr<const RetentionPlan>>> RetentionDesk::make_again(std::string id) {
  std::optional<RetentionPlanRecord> record = co_await store_.find_plan(id);
  if (!record) {
    co_return refuse(ErrorCode::not_found,
                     fmt::format("there is no retention plan {} (the last {} are kept)", id, options_.plans_kept),
                     {id});
  }
  Result<std::vector<RetentionRule>> rules = parse_retention_json(record->rules);
  if (!rules) {
    co_return refuse(ErrorCode::conflict, "the plan's rules cannot be read any more: " + rules.error().message);
  }
  // A rule that protects something now must do so, whatever somebody saw before.
  if (record->is_configured && *rules != this->rules()) {
    co_return refuse(ErrorCode::conflict,
                     "the configured retention rules are others than when the plan was made: make a new plan", {id});
  }
  Result<RetentionPlan> made = co_await engine_.plan(std::move(record->repository), *std::move(rules), record->now);
  if (!made) co_return std::unexpected(std::move(made.error()));
  if (made->id != id) {
    co_return refuse(ErrorCode::conflict,
                     "the registry has changed since the plan was made" + what_changed(*made, id) + ": make a new plan",
                     {id});
  }
  co_return std::make_shared<const RetentionPlan>(*std::move(made));
}

std::string RetentionDesk::what_changed(const RetentionPlan& made_again, const std::string& id) const {
  const std::lock_guard lock(mutex_);
  std::string changes;
  if (!last_ || last_->id != id) return changes;
  for (const std::string& change : changes_between(*last_, made_again, kChangesTold)) {
    changes += (changes.empty() ? " (" : "; ") + change;
  }
  return changes.empty() ? changes : changes + ")";
}

Task<Result<std::uint64_t>> RetentionDesk::apply(std::string id, std::string who) {
  if (is_read_only()) co_return refuse(ErrorCode::read_only, "the registry is read-only: nothing is deleted");
  if (is_stopping_) co_return refuse(ErrorCode::overloaded, "the server is stopping");
  auto turn = std::make_unique<Turn>(is_running_);
  if (!turn->is_mine()) co_return refuse(ErrorCode::conflict, "retention is running already");
  Result<std::shared_ptr<const RetentionPlan>> plan = co_await make_again(id);
  if (!plan) co_return std::unexpected(std::move(plan.error()));
  std::uint64_t run = 0;
  {
    const std::lock_guard lock(mutex_);
    const RetentionTotals& totals = (*plan)->totals;
    view_ = {.run = view_.run + 1,
             .is_running = true,
             .plan = std::move(id),
             .deletions = totals.deleted_tags + totals.deleted_manifests};
    run = view_.run;
  }
  boost::asio::co_spawn(loop_, run_by_hand(*std::move(plan), std::move(who), std::move(turn)), boost::asio::detached);
  co_return run;
}

Task<> RetentionDesk::run_by_hand(std::shared_ptr<const RetentionPlan> plan, std::string who,
                                  std::unique_ptr<Turn> turn) {
  std::string failure;
  try {
    co_await job_.run([this, &plan, &who](JobRun& run) { return carry_out(run, *plan, who); });
  } catch (const std::exception& error) {
    failure = error.what();
    log_.error("retention failed", {{"plan", plan->id}, {"reason", failure}});
  }
  // Before anybody sees that it has ended: he may begin the next.
  turn.reset();
  const std::lock_guard lock(mutex_);
  view_.is_running = false;
  if (view_.report.was_stopped) {
    failure = is_stopping_     ? "the server is stopping"
              : is_read_only() ? "the registry became read-only"
                               : "it was stopped";
  }
  view_.failure = std::move(failure);
}

Task<std::string> RetentionDesk::carry_out(JobRun& run, const RetentionPlan& plan, const std::string& who) {
  RetentionControl control = control_of(run, plan.totals.deleted_tags + plan.totals.deleted_manifests);
  control.on_progress = [this, tell = std::move(control.on_progress)](const RetentionReport& report) {
    tell(report);
    const std::lock_guard lock(mutex_);
    view_.report = report;
  };
  control.on_left = [this](const RetentionLeft& left) {
    const std::lock_guard lock(mutex_);
    if (view_.left.size() < options_.left_kept) view_.left.push_back(left);
  };
  const RetentionReport report = co_await engine_.carry_out(plan, who, std::move(control));
  log_.info("retention plan applied", {{"plan", plan.id},
                                       {"who", who},
                                       {"tags", report.deleted_tags},
                                       {"manifests", report.deleted_manifests},
                                       {"left", report.left},
                                       {"stopped", report.was_stopped}});
  if (report.was_stopped) run.cut_short();
  const std::lock_guard lock(mutex_);
  view_.report = report;
  co_return words_for(report);
}

RetentionControl RetentionDesk::control_of(JobRun& run, std::uint64_t total) const {
  return {
      .should_stop = [this, &run] { return is_stopping_ || is_read_only() || run.should_stop(); },
      .on_progress =
          [&run, total](const RetentionReport& report) { run.set_progress(report.deletions() + report.left, total); }};
}

Task<> RetentionDesk::run_round() {
  if (is_read_only() || is_stopping_) co_return;
  const Turn turn(is_running_);
  if (!turn.is_mine()) co_return;
  co_await job_.run([this](JobRun& run) { return run_all(run); });
}

Task<std::string> RetentionDesk::run_all(JobRun& run) {
  const RetentionReport report = co_await engine_.run(rules(), kWho, control_of(run, 0));
  log_.info("retention run ended", {{"tags", report.deleted_tags},
                                    {"manifests", report.deleted_manifests},
                                    {"left", report.left},
                                    {"stopped", report.was_stopped}});
  if (report.was_stopped) run.cut_short();
  co_return words_for(report);
}

std::optional<RetentionView> RetentionDesk::look(std::uint64_t run) const {
  const std::lock_guard lock(mutex_);
  if (run == 0 || view_.run != run) return std::nullopt;
  return view_;
}

}  // namespace berth
