// RetentionEngine: makes retention plans of what the metadata holds, and carries them out. It decides nothing itself
// (retention_plan.h does), and what a plan says is all that is deleted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/run_blocking.h"
#include "async/task.h"
#include "auth/access_policy.h"
#include "base/clock.h"
#include "base/result.h"
#include "lifecycle/retention_plan.h"
#include "lifecycle/retention_plan_text.h"
#include "metadata/metadata_store.h"
#include "metadata/retention_store.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace berth {

/// Lifetime: all of it outlives the engine.
struct RetentionParts {
  MetadataStore& metadata;
  RetentionStore& retention;
  BlockingPool& workers;  ///< plans are made there: large ones take seconds
  const Clock& clock;
  Log& log;
  Metrics& metrics;
  /// The rules of access that hold now, for protected tags; never null.
  std::function<std::shared_ptr<const AccessPolicy>()> access;
};

struct RetentionEngineOptions {
  std::size_t entry_limit = 200'000;         ///< tags and untagged manifests of one plan
  std::chrono::seconds grace{24 * 3600};     ///< until the collector looks at what a deletion left
  bool uses_trash = false;                   ///< untagged manifests can be brought back
  std::size_t batch_size = 64;               ///< deletions of one transaction
  std::uint64_t deletions_per_second = 500;  ///< 0: as fast as it can
};

/// Something that a plan deletes and that stayed, since it had changed by then.
struct RetentionLeft {
  std::string name;  ///< name_of() its entry
  DeletionOutcome outcome;
};

struct RetentionReport {
  std::uint64_t deleted_tags = 0;
  std::uint64_t deleted_manifests = 0;
  std::uint64_t left = 0;
  std::uint64_t repositories_left_out = 0;  ///< of a run: with more entries than the limit
  bool was_stopped = false;
  std::uint64_t deletions() const { return deleted_tags + deleted_manifests; }
};

/// How somebody takes part in a carrying out. All may be unset; called on the task's loop.
struct RetentionControl {
  std::function<bool()> should_stop = {};
  std::function<void(const RetentionReport&)> on_progress = {};  ///< after each batch
  std::function<void(const RetentionLeft&)> on_left = {};
};

/// Threading: any loop. Crash: each batch is whole or absent; what was not deleted is found by the next plan.
class RetentionEngine {
 public:
  RetentionEngine(RetentionParts parts, RetentionEngineOptions options);

  /// Of one repository, or of all that a delete rule is about: the others are left out. Each repository is read as of
  /// one moment. Refused: not_found (no such repository), request_invalid (more entries than the limit).
  Task<Result<RetentionPlan>> plan(std::optional<RepositoryName> repository, std::vector<RetentionRule> rules,
                                   WallTime now);

  /// The plan for people or programs, made by the workers.
  Task<std::string> describe(std::shared_ptr<const RetentionPlan> plan, PlanForm form, PlanLines lines);

  /// Deletes what the plan deletes, in batches, as far as it is still what the plan saw. `plan` outlives the task.
  Task<RetentionReport> carry_out(const RetentionPlan& plan, std::string who, RetentionControl control);

  /// A plan for each repository that a delete rule is about, carried out before the next is made: what the registry
  /// holds altogether does not matter. A repository with more entries than the limit is left out and logged.
  Task<RetentionReport> run(std::vector<RetentionRule> rules, std::string who, RetentionControl control);

 private:
  Task<Page<RepositoryName>> next_repositories(std::optional<std::string> after);
  Task<> delete_batch(const RetentionPlan& plan, std::vector<const RetentionEntry*> batch, const std::string& who,
                      const RetentionControl& control, RetentionReport& report);
  Task<> keep_pace(const RetentionControl& control, const RetentionReport& report, MonotonicTime started);

  const RetentionParts parts_;
  const RetentionEngineOptions options_;
  Counter& deleted_tags_;
  Counter& deleted_manifests_;
  Counter& left_;
};

}  // namespace berth
