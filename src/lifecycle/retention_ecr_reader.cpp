#include <algorithm>
#include <set>
#include <utility>

#include "content/json_document.h"
#include "content/printable.h"
#include "lifecycle/retention_policy_json.h"
#include "lifecycle/retention_readers.h"

namespace berth {
namespace {

constexpr std::uint64_t kHighestPriority = 1'000'000;
constexpr std::uint64_t kMostDays = 36'500;
constexpr std::size_t kDescriptionBytes = RetentionLimits::kDescriptionBytes - 3;  // and the "..." of what was cut

struct EcrRule {
  std::uint64_t priority;
  RetentionRule rule;
};

/// `prod` of a prefix list is `prod*`; runs of `*` are one.
std::string pattern_of(std::string_view text, bool is_prefix) {
  std::string pattern;
  for (const char c : text) {
    if (c != '*' || !pattern.ends_with('*')) pattern += c;
  }
  if (is_prefix) pattern += '*';
  return pattern;
}

/// An image is selected if each of the patterns matches one of its tags.
void read_tags(PolicyObject& selection, RetentionRule& rule) {
  constexpr std::string_view kPrefixes = "tagPrefixList";
  constexpr std::string_view kPatterns = "tagPatternList";
  const bool is_prefix = selection.has(kPrefixes);
  const std::string_view key = is_prefix ? kPrefixes : kPatterns;
  if (is_prefix && selection.has(kPatterns)) selection.refuse(kPatterns, "stands beside tagPrefixList");
  const std::vector<std::string> texts = selection.texts(key);
  if (rule.state != TagState::tagged) {
    if (selection.has(key)) selection.refuse(key, "has no place beside a tagStatus that is not tagged");
    return;
  }
  if (texts.empty()) selection.refuse(kPatterns, "missing, and so is tagPrefixList");
  if (texts.size() > RetentionLimits::kListItems) return selection.refuse(key, "has too many elements");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    // A prefix is taken as it is; no tag begins with a star.
    auto pattern = NamePattern::parse_tag(pattern_of(texts[i], is_prefix));
    if (!pattern || texts[i].empty() || (is_prefix && texts[i].contains('*'))) {
      return selection.refuse_element(key, i, "\"" + printable(texts[i]) + "\" matches no tag");
    }
    rule.tags.push_back(*std::move(pattern));
  }
  rule.tag_match = rule.tags.size() > 1 ? TagMatch::all : TagMatch::any;
}

void read_count(PolicyObject& selection, RetentionRule& rule) {
  const std::string type = selection.text("countType");
  if (type == "imageCountMoreThan") {
    if (selection.has("countUnit")) selection.refuse("countUnit", "has no place beside imageCountMoreThan");
    rule.beyond = static_cast<std::uint32_t>(selection.number("countNumber", 1, RetentionLimits::kRank));
    return;
  }
  if (type != "sinceImagePushed" && type != "sinceImagePulled") {
    return selection.refuse("countType", "\"" + printable(type) + "\" is not known");
  }
  if (selection.text("countUnit") != "days") selection.refuse("countUnit", "is not days");
  const std::chrono::seconds age = std::chrono::days(selection.number("countNumber", 1, kMostDays));
  (type == "sinceImagePushed" ? rule.older_than : rule.not_pulled_for) = age;
}

EcrRule read_rule(PolicyObject& object, const EcrImport& import) {
  object.allow_only({"rulePriority", "description", "selection", "action"});
  EcrRule read{.priority = object.number("rulePriority", 1, kHighestPriority), .rule = {}};
  RetentionRule& rule = read.rule;
  rule.name = import.name + "-" + std::to_string(read.priority);
  rule.description = printable(object.text_or_empty("description"), kDescriptionBytes);
  rule.action = RetentionAction::remove;
  rule.repositories = import.repositories;
  rule.unit = RetentionUnit::manifest;
  // What a rule selects, no rule of a lower priority can expire.
  rule.chain = import.name;

  PolicyObject selection = object.object("selection");
  selection.allow_only(
      {"tagStatus", "tagPrefixList", "tagPatternList", "countType", "countUnit", "countNumber", "storageClass"});
  const std::string status = selection.text("tagStatus");
  if (status == "tagged") {
    rule.state = TagState::tagged;
  } else if (status == "untagged") {
    rule.state = TagState::untagged;
  } else if (status != "any") {
    selection.refuse("tagStatus", "\"" + printable(status) + "\" is not one of tagged, untagged, any");
  }
  if (selection.has("storageClass") && selection.text("storageClass") != "standard") {
    selection.refuse("storageClass", "nothing is archived here");
  }
  read_tags(selection, rule);
  read_count(selection, rule);

  PolicyObject action = object.object("action");
  action.allow_only({"type"});
  if (action.text("type") != "expire") action.refuse("type", "is not expire");
  return read;
}

/// What ECR refuses of rules that are in the order of their priorities.
std::optional<std::string> find_conflict(const std::vector<EcrRule>& rules) {
  std::set<std::set<std::string>> tag_lists;
  std::size_t untagged = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string priority = std::to_string(rules[i].priority);
    if (i > 0 && rules[i - 1].priority == rules[i].priority) return "rules: two have the priority " + priority;
    switch (rules[i].rule.state) {
      case TagState::any:
        if (i + 1 != rules.size()) return "rules: the one with the priority " + priority + " is about any and not last";
        break;
      case TagState::untagged:
        if (++untagged > 1) return "rules: more than one is about untagged images";
        break;
      case TagState::tagged: {
        std::set<std::string> tags;
        for (const NamePattern& pattern : rules[i].rule.tags) tags.insert(pattern.text());
        if (!tag_lists.insert(std::move(tags)).second) return "rules: two are about the same tags";
        break;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<RetentionRule>> read_ecr_policy(std::string_view json, const EcrImport& import) {
  const Result<JsonDocument> document = parse_policy(json, import.name);
  if (!document) return std::unexpected(document.error());
  std::optional<std::string> fault;
  PolicyObject policy(*document, fault);
  policy.allow_only({"rules"});
  if (!policy.has("rules")) policy.refuse("rules", "missing");
  std::vector<PolicyObject> objects = policy.objects("rules");
  if (objects.size() > RetentionLimits::kRules) policy.refuse("rules", "are too many");
  std::vector<EcrRule> read;
  for (PolicyObject& object : objects) {
    read.push_back(read_rule(object, import));
    if (fault) return refuse_policy(*std::move(fault));
  }
  if (fault) return refuse_policy(*std::move(fault));
  std::ranges::sort(read, {}, &EcrRule::priority);
  if (std::optional<std::string> conflict = find_conflict(read)) return refuse_policy(*std::move(conflict));
  std::vector<RetentionRule> rules;
  for (EcrRule& each : read) rules.push_back(std::move(each.rule));
  return rules;
}

}  // namespace berth
