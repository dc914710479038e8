// retention
#include <set>

#include "lifecycle/retention_readers.h"
#include "lifecycle/retention_rule_config.h"
#include "server/config.h"
#include "server/config_file.h"
#include "server/settings.h"

namespace berth {
namespace {

void describe_policy_file(SettingSection& section, RetentionPolicyConfig& policy) {
  section.value("from", checked(text(policy.from), check_one_of({"ecr", "harbor"})), "`ecr` or `harbor`.",
                {.reload = SettingReload::live});
  section.value("file", text(policy.file), "The policy as JSON.", {.reload = SettingReload::live});
  section.value("name", text(policy.name), "What its rules are called after. Unset: `ecr`, `harbor`.",
                {.reload = SettingReload::live});
  section.value("repositories", text_list(policy.repositories),
                "Of an ECR policy: patterns of the repositories that it is about. Unset: all.",
                {.reload = SettingReload::live});
  section.value("project", text(policy.project),
                "Of a Harbor policy: its project, whose repositories are `PROJECT/**` here.",
                {.reload = SettingReload::live});
}

Result<std::vector<RetentionRule>> read_policy(const RetentionPolicyConfig& policy) {
  const auto json = read_regular_file(policy.file, kPolicyBytes);
  if (!json) return refuse(ErrorCode::request_invalid, json.error());
  if (policy.from == "harbor") {
    return read_harbor_policy(*json,
                              {.name = policy.name.empty() ? policy.from : policy.name, .project = policy.project});
  }
  EcrImport import{.name = policy.name.empty() ? policy.from : policy.name, .repositories = {}};
  for (const std::string& each : policy.repositories) {
    auto pattern = NamePattern::parse_repository(each);
    if (!pattern) return refuse(ErrorCode::request_invalid, "repositories: " + pattern.error());
    import.repositories.push_back(*std::move(pattern));
  }
  return read_ecr_policy(*json, import);
}

}  // namespace

void describe_retention(SettingSection root, ServerConfig& config) {
  RetentionConfig& retention = config.retention;
  SettingSection section =
      root.section("retention",
                   "Berth's own. Which tags and untagged manifests are kept, and which are deleted. `berth retention "
                   "plan` shows what the rules come to. See docs/retention.md.");
  section.value("schedule", text(retention.schedule_text),
                "When the rules are applied: an interval (`24h`) or five fields of cron in UTC (`0 3 * * *`). Unset: "
                "by hand only.");
  section.value("rules", any_value(retention.rule_list),
                "A list of rules: `{name: old, action: delete, repositories: [team/**], tags: [pr-*], older_than: "
                "30d}`; docs/retention.md has all keys.",
                {.reload = SettingReload::live});
  section.list<RetentionPolicyConfig>("policies", retention.policies, describe_policy_file,
                                      "Policies of other registries, whose rules stand behind those above.",
                                      {.reload = SettingReload::live});
  section.value(
      "entries", number(retention.entry_limit, 1, 10'000'000),
      "Tags and untagged manifests that one plan may list. By itself a plan is made of each repository apart.");
  section.value("pace", number(retention.deletions_per_second), "Deletions a second; 0 is no limit.");

  SettingSection pulls = root.section(
      "pulltimes", "Berth's own. Noting when manifests were pulled, for `retention` and `gc.untagged.keep`.");
  pulls.value("enabled", flag(config.pull_times.is_enabled), "Notes it. Otherwise ages count from the push.");
  pulls.value("resolution", duration(config.pull_times.resolution, {.minimum = std::chrono::seconds(1)}),
              "How often what was pulled is written, with the time of the writing: a pull is on record at most so much "
              "later than it was, and a crash forgets those of at most so long.");
  pulls.value("head", flag(config.pull_times.counts_head),
              "A HEAD is a pull, too: nodes that have an image already ask no more than that, and so do clients that "
              "are about to push.");
}

void read_retention(const ConfigValue& tree, RetentionConfig& retention, SettingReport& report) {
  const ConfigValue* const section = find_value(tree, "retention");
  const ConfigPosition position = section == nullptr ? tree.position() : section->position();
  if (!retention.schedule_text.empty()) {
    auto schedule = JobSchedule::parse(retention.schedule_text);
    if (schedule) {
      retention.schedule = *std::move(schedule);
    } else {
      report.error(position, "retention.schedule", schedule.error());
    }
  }
  const std::size_t errors_before = report.errors.size();
  std::vector<RetentionRule> rules = read_retention_rules(retention.rule_list, "retention.rules", report);
  for (std::size_t i = 0; i < retention.policies.size(); ++i) {
    const RetentionPolicyConfig& policy = retention.policies[i];
    const std::string path = "retention.policies[" + std::to_string(i) + "]";
    if (policy.from.empty() || policy.file.empty()) {
      report.error(position, path, "needs from and file");
      continue;
    }
    Result<std::vector<RetentionRule>> read = read_policy(policy);
    if (!read) {
      report.error(position, path, policy.file + ": " + read.error().message);
      continue;
    }
    for (RetentionRule& rule : *read) rules.push_back(std::move(rule));
  }
  std::set<std::string> names;
  for (const RetentionRule& rule : rules) {
    if (!names.insert(rule.name).second) report.error(position, "retention", "two rules are called " + rule.name);
  }
  if (rules.size() > RetentionLimits::kRules) {
    report.error(position, "retention", "has more than " + std::to_string(RetentionLimits::kRules) + " rules");
  }
  // Part of a policy is another policy.
  if (report.errors.size() == errors_before) retention.rules = std::move(rules);
}

}  // namespace berth
