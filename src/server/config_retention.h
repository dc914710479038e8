// The `retention` section: which tags and manifests are kept for how long.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config_value.h"
#include "lifecycle/job_schedule.h"
#include "lifecycle/retention_rule.h"

namespace berth {

/// Another registry's policy in a file.
struct RetentionPolicyConfig {
  std::string from;  ///< "ecr", "harbor"
  std::string file;
  std::string name;                       ///< what its rules are called after; empty: `from`
  std::vector<std::string> repositories;  ///< of an ECR policy: what it is about; empty: all
  std::string project;                    ///< of a Harbor policy
};

/// When manifests were pulled, for rules and for the collector.
struct PullTimesConfig {
  bool is_enabled = true;
  std::chrono::milliseconds resolution = std::chrono::hours(1);
  bool counts_head = false;
};

struct RetentionConfig {
  std::string schedule_text;
  ConfigValue rule_list;  ///< as it was written
  std::vector<RetentionPolicyConfig> policies;
  std::size_t entry_limit = 200'000;
  std::uint64_t deletions_per_second = 500;

  // Made of these by read_retention().
  std::optional<JobSchedule> schedule;  ///< nothing: by hand only
  std::vector<RetentionRule> rules;     ///< the list's, then the policies'
};

}  // namespace berth
