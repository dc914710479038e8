// Policies from outside: what is taken becomes rules that write themselves so that they are taken again, as the same,
// and a plan that deletes nothing that is held.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lifecycle/retention_plan_text.h"
#include "lifecycle/retention_readers.h"
#include "lifecycle/retention_rule_config.h"
#include "lifecycle/retention_rule_text.h"

namespace {

using berth::RetentionFact;
using berth::RetentionRule;

RetentionFact fact(std::string_view tag, std::string_view content, int age_days) {
  RetentionFact fact{.tag = std::nullopt, .digest = berth::digest_of(berth::HashAlgorithm::sha256, content)};
  if (!tag.empty()) fact.tag = berth::Tag::parse(tag).value();
  fact.pushed = berth::WallTime(std::chrono::days(20'000 - age_days));
  return fact;
}

berth::RetentionWorld world() {
  std::vector<RetentionFact> facts{fact("v1.0", "a", 90), fact("v1.1-rc", "b", 60), fact("latest", "a", 30),
                                   fact("", "c", 40),     fact("", "d", 1),         fact("sha256-00.sig", "e", 50)};
  facts[3].is_child_of_index = true;
  facts[5].has_live_subject = true;
  return {.repositories = {{.name = berth::RepositoryName::parse("team/app").value(), .facts = std::move(facts)}},
          .now = berth::WallTime(std::chrono::days(20'000))};
}

void check(const std::vector<RetentionRule>& rules) {
  for (const RetentionRule& rule : rules) {
    auto again = berth::parse_retention_rule(rule.text());
    if (!again) std::abort();
    again->name = rule.name;
    again->description = rule.description;
    if (*again != rule) std::abort();
  }
  const auto again = berth::parse_retention_json(berth::retention_json(rules));
  if (!again || *again != rules) std::abort();
  const berth::RetentionPlan plan = berth::plan_retention(world(), rules);
  for (const berth::RetentionEntry& entry : plan.entries) {
    const bool is_held = entry.fact.has_live_subject || (entry.fact.is_child_of_index && !entry.fact.tag);
    if (is_held && entry.decision == berth::RetentionAction::remove) std::abort();
  }
  (void)berth::plan_table(plan, berth::PlanLines::all);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto rules = berth::read_ecr_policy(text)) check(*rules);
  if (const auto rules = berth::read_harbor_policy(text, {.name = "harbor", .project = "team"})) check(*rules);
  if (const auto rules = berth::parse_retention_json(text)) check(*rules);
  if (const auto rule = berth::parse_retention_rule(text)) {
    auto named = *rule;
    named.name = "rule";
    check({named});
  }
  return 0;
}
