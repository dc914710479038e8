// berth retention: what the rules come to, carrying it out, and policies of other registries as rules.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <vector>

#include "api/json_text.h"
#include "apps/berth/command_family.h"
#include "base/failure.h"
#include "base/setting_loader.h"
#include "lifecycle/retention_readers.h"
#include "lifecycle/retention_rule_config.h"
#include "server/config_file.h"
#include "server/yaml_reader.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
The rules stand in the configuration (retention.rules); docs/retention.md has the language.

Examples:
  berth retention plan                          what they would delete and keep, and why
  berth retention plan --format diff            only what goes, and what stays although a rule would delete it
  berth retention plan --file rules.yml team/app
  berth retention apply 5f3c...                 carries out that plan, or refuses if it would be another one now
  berth retention convert --from ecr policy.json
)";

constexpr std::size_t kRulesFileBytes = 1024 * 1024;

[[noreturn]] void fail(const std::string& why) {
  throw Failure(FailureKind::internal, why);
}

std::string read_file(const std::string& file, std::size_t limit) {
  auto text = read_regular_file(file, limit);
  if (!text) fail(file + ": " + text.error());
  return *std::move(text);
}

/// Rules in YAML or JSON: a list, or a map with `rules`, or with `retention` as in the configuration.
std::vector<RetentionRule> read_rules_file(const std::string& file) {
  std::vector<SettingProblem> warnings;
  const auto tree =
      read_yaml(read_file(file, kRulesFileBytes), {.source = std::make_shared<const std::string>(file)}, warnings);
  if (!tree) fail(tree.error().line());
  // A key that is there twice: one of them was not meant.
  if (!warnings.empty()) fail(warnings.front().line());
  const ConfigValue* rules = &*tree;
  for (const char* key : {"retention", "rules"}) {
    if (!rules->is_map()) break;
    if (const ConfigValue* below = rules->find(key)) rules = below;
  }
  SettingReport report;
  std::vector<RetentionRule> read = read_retention_rules(*rules, "rules", report);
  if (!report.errors.empty()) fail(report.errors.front().line());
  if (read.empty()) fail(file + " has no rules");
  return read;
}

struct PlanValues {
  std::string repository;
  std::string format = "table";
  std::string file;
  bool is_notable = false;
};

void describe_plan(CLI::App& command, PlanValues& values) {
  command.add_option("REPOSITORY", values.repository, "this one alone; otherwise all that a delete rule is about");
  command.add_option("--format", values.format, "table, json or diff")
      ->check(CLI::IsMember({"table", "json", "diff"}))
      ->capture_default_str();
  command.add_option("--file", values.file, "rules in YAML or JSON instead of those of the configuration");
  command.add_flag("--notable", values.is_notable, "leave out what stays and no rule would delete");
}

void plan(AdminClient& client, const PlanValues& values) {
  const bool is_json = client.form() == OutputForm::json || values.format == "json";
  std::string target = fmt::format("/retention/plans?format={}&lines={}", is_json ? "json" : values.format,
                                   values.is_notable ? "notable" : "all");
  if (!values.repository.empty()) target += "&repository=" + percent_encoded(values.repository);
  boost::json::object rules;
  if (!values.file.empty()) rules = boost::json::parse(retention_json(read_rules_file(values.file))).as_object();
  const boost::json::object made = client.ask("POST", target, rules);
  if (is_json) return print_json(made);
  fmt::print("{}", std::string_view(made.at("text").as_string()));
  // A table ends with it already.
  if (values.format == "diff") fmt::print("plan {}\n", text_of(made, "id"));
}

struct ApplyValues {
  std::string plan;
};

void describe_apply(CLI::App& command, ApplyValues& values) {
  command.add_option("PLAN-ID", values.plan, "as `berth retention plan` shows it")->required();
}

void apply(AdminClient& client, const ApplyValues& values) {
  const boost::json::object begun =
      client.ask("POST", fmt::format("/retention/plans/{}/apply", segment(values.plan)), {});
  const boost::json::object view = watch_run(
      client, fmt::format("/retention/runs/{}", number_of(begun, "run")), [](const boost::json::object& each) {
        return number_of(each, "deleted_tags") + number_of(each, "deleted_manifests");
      });
  if (client.form() == OutputForm::json) {
    print_json(view);
  } else {
    for (const boost::json::value& left : view.at("left").as_array()) {
      fmt::print("left {}: {}\n", text_of(left.as_object(), "name"), text_of(left.as_object(), "why"));
    }
    fmt::print("deleted {} tags and {} untagged manifests, left {}\n", number_of(view, "deleted_tags"),
               number_of(view, "deleted_manifests"), number_of(view, "left_count"));
  }
  const std::string failure = text_of(view, "failure");
  if (failure != "-") fail("retention ended early: " + failure);
}

struct NoValues {};

void describe_nothing(CLI::App& /*command*/, NoValues& /*values*/) {}

/// A rule a line, as it can stand below `retention.rules`: JSON is YAML, too.
void print_rules(const std::string& json, OutputForm form) {
  const boost::json::value rules = boost::json::parse(json);
  if (form == OutputForm::json) return print_json(rules);
  fmt::print("retention:\n  rules:\n");
  for (const boost::json::value& rule : rules.at("rules").as_array()) {
    fmt::print("    - {}\n", boost::json::serialize(rule));
  }
}

void show_rules(AdminClient& client, const NoValues& /*values*/) {
  print_rules(boost::json::serialize(client.ask("GET", "/retention/rules")), client.form());
}

struct ConvertValues {
  std::string from;
  std::string file;
  std::string name;
  std::vector<std::string> repositories;
  std::string project;
};

void describe_convert(CLI::App& command, ConvertValues& values) {
  command.add_option("--from", values.from, "ecr or harbor")->required()->check(CLI::IsMember({"ecr", "harbor"}));
  command.add_option("FILE", values.file, "the policy as JSON")->required();
  command.add_option("--name", values.name, "what the rules are called after");
  command.add_option("--repositories", values.repositories, "patterns of what an ECR policy is about; otherwise all");
  command.add_option("--project", values.project, "of a Harbor policy: its repositories are PROJECT/** here");
}

Result<std::vector<RetentionRule>> converted(const ConvertValues& values) {
  const std::string json = read_file(values.file, kPolicyBytes);
  const std::string name = values.name.empty() ? values.from : values.name;
  if (values.from == "harbor") return read_harbor_policy(json, {.name = name, .project = values.project});
  EcrImport import{.name = name, .repositories = {}};
  for (const std::string& each : values.repositories) {
    auto pattern = NamePattern::parse_repository(each);
    if (!pattern) fail("--repositories: " + pattern.error());
    import.repositories.push_back(*std::move(pattern));
  }
  return read_ecr_policy(json, import);
}

int convert(const ConvertValues& values, OutputForm form) {
  try {
    const Result<std::vector<RetentionRule>> rules = converted(values);
    if (!rules) fail(values.file + ": " + rules.error().message);
    print_rules(retention_json(*rules), form);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

/// Needs no configuration and no data.
void add_convert(CLI::App& family, ChosenCommand& chosen) {
  CLI::App* const command = family.add_subcommand("convert", "show the policy of another registry as rules");
  auto values = std::make_shared<ConvertValues>();
  auto is_json = std::make_shared<bool>(false);
  describe_convert(*command, *values);
  command->add_flag("--json", *is_json, "print JSON");
  command->callback([&chosen, values, is_json] {
    chosen = [values, is_json] { return convert(*values, *is_json ? OutputForm::json : OutputForm::people); };
  });
}

}  // namespace

void add_retention_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily retention(app, chosen, "retention", "which tags and manifests are kept, and which are deleted",
                          kExamples);
  retention.add<PlanValues>("plan", "show what the rules come to, and keep it to be applied", describe_plan, plan);
  retention.add<ApplyValues>("apply", "carry out a plan that was shown", describe_apply, apply);
  retention.add<NoValues>("rules", "show the rules of the configuration", describe_nothing, show_rules);
  add_convert(retention.family(), chosen);
}

}  // namespace berth
