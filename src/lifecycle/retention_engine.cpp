#include "lifecycle/retention_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "lifecycle/retention_gathering.h"

namespace berth {
namespace {

constexpr std::size_t kRepositoriesAtOnce = 1000;

/// Whether a rule might delete something of the repository: of the others nothing has to be read.
bool is_about(const std::vector<RetentionRule>& rules, const RepositoryName& name) {
  const auto matches = [&name](const NamePattern& pattern) { return pattern.matches(name.text()); };
  return std::ranges::any_of(rules, [&](const RetentionRule& rule) {
    return rule.action == RetentionAction::remove &&
           (rule.repositories.empty() || std::ranges::any_of(rule.repositories, matches)) &&
           std::ranges::none_of(rule.except_repositories, matches);
  });
}

std::string_view words_for(DeletionOutcome outcome) {
  switch (outcome) {
    case DeletionOutcome::deleted:
      return "deleted";
    case DeletionOutcome::changed:
      return "it has changed meanwhile";
    case DeletionOutcome::in_use:
      return "it is in use now";
    case DeletionOutcome::protected_by_tag:
      return "it is protected now";
  }
  return {};
}

}  // namespace

RetentionEngine::RetentionEngine(RetentionParts parts, RetentionEngineOptions options)
    : parts_(std::move(parts)),
      options_(options),
      deleted_tags_(parts_.metrics.counter("berth_retention_deleted_tags_total", "Tags that retention deleted.")),
      deleted_manifests_(parts_.metrics.counter("berth_retention_deleted_manifests_total",
                                                "Untagged manifests that retention deleted.")),
      left_(parts_.metrics.counter("berth_retention_left_total",
                                   "What a plan deletes and was left, since it had changed by then.")) {}

Task<Page<RepositoryName>> RetentionEngine::next_repositories(std::optional<std::string> after) {
  return parts_.metadata.list_repositories(std::move(after), kRepositoriesAtOnce);
}

Task<Result<RetentionPlan>> RetentionEngine::plan(std::optional<RepositoryName> repository,
                                                  std::vector<RetentionRule> rules, WallTime now) {
  const std::shared_ptr<const AccessPolicy> access = parts_.access();
  RetentionWorld world{.repositories = {}, .now = now};
  std::size_t room = options_.entry_limit;
  std::optional<std::string> after;
  for (bool has_more = true; has_more;) {
    Page<RepositoryName> page;
    if (repository) {
      const bool exists = co_await parts_.metadata.repository_exists(*repository);
      if (!exists) {
        co_return refuse(ErrorCode::not_found, "there is no repository " + repository->text(), {repository->text()});
      }
      page.entries.push_back(*repository);
    } else {
      page = co_await next_repositories(after);
    }
    has_more = page.has_more;
    for (const RepositoryName& name : page.entries) {
      after = name.text();
      if (!repository && !is_about(rules, name)) continue;
      std::optional<std::vector<HeldManifest>> held = co_await parts_.retention.held_manifests(name, room);
      if (!held) {
        co_return refuse(ErrorCode::request_invalid,
                         fmt::format("there are more than {} tags and manifests to plan (retention.entries){}",
                                     options_.entry_limit, repository ? "" : ": name a repository"),
                         {name.text()});
      }
      world.repositories.push_back(gather_retention_facts(name, *std::move(held), *access, now));
      room -= std::min(room, world.repositories.back().facts.size());
    }
  }
  co_return co_await run_blocking(parts_.workers, [&world, &rules]() -> Result<RetentionPlan> {
    return plan_retention(std::move(world), std::move(rules));
  });
}

Task<std::string> RetentionEngine::describe(std::shared_ptr<const RetentionPlan> plan, PlanForm form, PlanLines lines) {
  co_return co_await run_blocking(parts_.workers, [&plan, form, lines] { return plan_text(*plan, form, lines); });
}

Task<RetentionReport> RetentionEngine::carry_out(const RetentionPlan& plan, std::string who, RetentionControl control) {
  RetentionReport report;
  const MonotonicTime started = parts_.clock.monotonic();
  std::vector<const RetentionEntry*> batch;
  for (const RetentionEntry& entry : plan.entries) {
    if (entry.decision != RetentionAction::remove) continue;
    const bool is_full = batch.size() == options_.batch_size;
    if (!batch.empty() && (is_full || batch.front()->repository != entry.repository)) {
      if (control.should_stop && control.should_stop()) {
        report.was_stopped = true;
        co_return report;
      }
      co_await delete_batch(plan, std::exchange(batch, {}), who, control, report);
      co_await keep_pace(control, report, started);
    }
    batch.push_back(&entry);
  }
  if (batch.empty()) co_return report;
  if (control.should_stop && control.should_stop()) {
    report.was_stopped = true;
  } else {
    co_await delete_batch(plan, std::move(batch), who, control, report);
  }
  co_return report;
}

Task<RetentionReport> RetentionEngine::run(std::vector<RetentionRule> rules, std::string who,
                                           RetentionControl control) {
  RetentionReport sum;
  const auto stops = [&] {
    if (control.should_stop && control.should_stop()) sum.was_stopped = true;
    return sum.was_stopped;
  };
  RetentionControl part = control;
  RetentionReport before;
  const auto sum_up = [&](const RetentionReport& of_one) {
    sum.deleted_tags = before.deleted_tags + of_one.deleted_tags;
    sum.deleted_manifests = before.deleted_manifests + of_one.deleted_manifests;
    sum.left = before.left + of_one.left;
  };
  part.on_progress = [&](const RetentionReport& of_one) {
    sum_up(of_one);
    if (control.on_progress) control.on_progress(sum);
  };
  std::optional<std::string> after;
  for (bool has_more = true; has_more && !stops();) {
    const Page<RepositoryName> page = co_await next_repositories(after);
    has_more = page.has_more;
    for (const RepositoryName& name : page.entries) {
      after = name.text();
      if (!is_about(rules, name)) continue;
      if (stops()) break;
      const Result<RetentionPlan> made = co_await plan(name, rules, parts_.clock.now());
      if (!made) {
        parts_.log.error("retention leaves a repository out",
                         {{"repository", name.text()}, {"reason", made.error().message}});
        ++sum.repositories_left_out;
        continue;
      }
      before = sum;
      const RetentionReport report = co_await carry_out(*made, who, part);
      sum_up(report);
    }
  }
  co_return sum;
}

Task<> RetentionEngine::delete_batch(const RetentionPlan& plan, std::vector<const RetentionEntry*> batch,
                                     const std::string& who, const RetentionControl& control, RetentionReport& report) {
  const WallTime now = parts_.clock.now();
  const RepositoryName repository = batch.front()->repository;
  DeleteUnchanged request{
      .repository = repository,
      .contents = {},
      .protects = [access = parts_.access(),
                   repository](const Tag& tag) { return is_protected_from_retention(*access, repository, tag); },
      .who = who,
      .now = now,
      .review_due = now + options_.grace,
      .to_trash = options_.uses_trash};
  for (const RetentionEntry* const entry : batch) {
    request.contents.push_back({.tag = entry->fact.tag, .digest = entry->fact.digest, .since = entry->fact.pushed});
  }
  const DeletedContents deleted = co_await parts_.retention.delete_unchanged(std::move(request));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const RetentionEntry& entry = *batch[i];
    const DeletionOutcome outcome = deleted.outcomes.at(i);
    const bool is_gone = outcome == DeletionOutcome::deleted;
    parts_.log.info(is_gone ? "retention deleted" : "retention left what it would have deleted",
                    {{"what", name_of(entry)},
                     {"digest", entry.fact.digest.to_string()},
                     {"rule", plan.rules[*entry.rule].name},
                     {"who", who},
                     {"outcome", std::string(words_for(outcome))}});
    if (!is_gone) {
      ++report.left;
      left_.add();
      if (control.on_left) control.on_left({.name = name_of(entry), .outcome = outcome});
    } else if (entry.fact.tag) {
      ++report.deleted_tags;
      deleted_tags_.add();
    } else {
      ++report.deleted_manifests;
      deleted_manifests_.add();
    }
  }
  if (control.on_progress) control.on_progress(report);
}

Task<> RetentionEngine::keep_pace(const RetentionControl& control, const RetentionReport& report,
                                  MonotonicTime started) {
  if (options_.deletions_per_second == 0) co_return;
  const std::chrono::duration<double> least(static_cast<double>(report.deletions()) /
                                            static_cast<double>(options_.deletions_per_second));
  // In small steps, so that a stop does not wait for all of it.
  constexpr std::chrono::milliseconds kStep{100};
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (!control.should_stop || !control.should_stop()) {
    const auto left = least - std::chrono::duration<double>(parts_.clock.monotonic() - started);
    if (left.count() <= 0) break;
    timer.expires_after(std::min(std::chrono::ceil<std::chrono::milliseconds>(left), kStep));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

}  // namespace berth
