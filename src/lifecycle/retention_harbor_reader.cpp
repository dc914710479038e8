#include <algorithm>
#include <utility>

#include "content/json_document.h"
#include "content/printable.h"
#include "lifecycle/retention_policy_json.h"
#include "lifecycle/retention_readers.h"

namespace berth {
namespace {

constexpr JsonLimits kExtrasLimits{.nesting_depth = 2, .value_count = 10};
constexpr std::uint64_t kMostDays = 36'500;

std::string in_quotes(std::string_view text) {
  return "\"" + printable(text) + "\"";
}

/// `{a,b}-*` becomes `a-*` and `b-*`; or nothing if the braces are nested or open, or there would be too many.
std::optional<std::vector<std::string>> without_braces(std::string_view pattern) {
  std::vector<std::string> done{""};
  while (!pattern.empty()) {
    const std::size_t open = std::min(pattern.find('{'), pattern.size());
    for (std::string& text : done) text += pattern.substr(0, open);
    pattern.remove_prefix(open);
    if (pattern.empty()) break;
    const std::size_t close = pattern.find('}');
    if (close == std::string_view::npos) return std::nullopt;
    std::string_view choices = pattern.substr(1, close - 1);
    pattern.remove_prefix(close + 1);
    if (choices.contains('{')) return std::nullopt;
    std::vector<std::string> longer;
    for (;;) {
      const std::size_t comma = choices.find(',');
      for (const std::string& text : done) longer.push_back(text + std::string(choices.substr(0, comma)));
      if (longer.size() > RetentionLimits::kListItems) return std::nullopt;
      if (comma == std::string_view::npos) break;
      choices.remove_prefix(comma + 1);
    }
    done = std::move(longer);
  }
  return done;
}

/// Of Harbor's patterns `**` crosses slashes only where it is a whole segment.
std::string with_our_stars(std::string_view pattern) {
  std::string text;
  while (!pattern.empty()) {
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view segment = pattern.substr(0, end);
    if (segment == "**") {
      text += segment;
    } else {
      for (const char c : segment) {
        if (c != '*' || !text.ends_with('*')) text += c;
      }
    }
    if (end < pattern.size()) text += '/';
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return text;
}

/// What a selector says: its patterns, and whether they are those that are meant or those that are not.
struct Selector {
  std::vector<NamePattern> patterns;  // empty: all
  bool excludes = false;
  std::string extras = {};
};

/// `matching` and `excluding` are the decorations; patterns stand below `prefix`.
Selector read_selector(PolicyObject& object, std::string_view matching, std::string_view excluding,
                       const std::string& prefix, auto parse) {
  object.allow_only({"kind", "decoration", "pattern", "extras"});
  if (object.text("kind") != "doublestar") object.refuse("kind", "is not doublestar");
  const std::string decoration = object.text("decoration");
  if (decoration != matching && decoration != excluding) {
    object.refuse("decoration",
                  in_quotes(decoration) + " is not one of " + std::string(matching) + ", " + std::string(excluding));
  }
  Selector selector{.patterns = {}, .excludes = decoration == excluding, .extras = object.text_or_empty("extras")};
  const std::string pattern = object.text_or_empty("pattern");
  const auto texts = without_braces(pattern.empty() ? "**" : pattern);
  if (!texts) {
    object.refuse("pattern", in_quotes(pattern) + " has braces that are not understood");
    return selector;
  }
  for (const std::string& text : *texts) {
    auto parsed = parse(prefix + with_our_stars(text));
    if (!parsed) {
      object.refuse("pattern", parsed.error());
      return selector;
    }
    selector.patterns.push_back(*std::move(parsed));
  }
  return selector;
}

/// Whether a rule is about untagged manifests: the box that people tick. Without it those stay, as in Harbor, where it
/// came later than the rules. With `excludes` it means the other way round.
bool selects_untagged(PolicyObject& object, const Selector& selector) {
  if (selector.extras.empty()) return true;
  const Result<JsonDocument> document = JsonDocument::parse(selector.extras, kExtrasLimits);
  if (!document) {
    object.refuse("extras", document.error().message);
    return true;
  }
  std::optional<std::string> fault;
  PolicyObject extras(*document, fault);
  extras.allow_only({"untagged"});
  const bool is_ticked = extras.flag("untagged");
  if (fault) object.refuse("extras", *fault);
  return is_ticked != selector.excludes;
}

void read_tag_selector(PolicyObject& rule_object, RetentionRule& rule) {
  constexpr std::string_view kKey = "tag_selectors";
  std::vector<PolicyObject> objects = rule_object.objects(kKey);
  if (objects.size() > 1) return rule_object.refuse(kKey, "are more than one");
  if (objects.empty()) return;
  Selector selector = read_selector(objects.front(), "matches", "excludes", {}, NamePattern::parse_tag);
  if (selector.excludes) {
    rule.except_tags = std::move(selector.patterns);
  } else if (!std::ranges::any_of(selector.patterns, &NamePattern::is_everything)) {
    rule.tags = std::move(selector.patterns);
  }
  rule.state = selects_untagged(objects.front(), selector) ? TagState::any : TagState::tagged;
}

void read_scope_selector(PolicyObject& rule_object, const std::string& prefix, RetentionRule& rule) {
  constexpr std::string_view kKey = "repository";
  rule.repositories = {NamePattern::parse_repository(prefix + "**").value()};
  if (!rule_object.has("scope_selectors")) return;
  PolicyObject scopes = rule_object.object("scope_selectors");
  scopes.allow_only({kKey});
  std::vector<PolicyObject> objects = scopes.objects(kKey);
  if (objects.size() > 1) return scopes.refuse(kKey, "are more than one");
  if (objects.empty()) return;
  Selector selector =
      read_selector(objects.front(), "repoMatches", "repoExcludes", prefix, NamePattern::parse_repository);
  (selector.excludes ? rule.except_repositories : rule.repositories) = std::move(selector.patterns);
}

void read_template(PolicyObject& object, RetentionRule& rule) {
  const std::string name = object.text("template");
  if (name == "always") return;
  PolicyObject params = object.object("params");
  params.allow_only({name});
  if (name == "latestPushedK" || name == "latestPulledN") {
    rule.newest = static_cast<std::uint32_t>(params.number(name, 1, RetentionLimits::kRank));
    rule.rank_by = name == "latestPulledN" ? RankOrder::pull : RankOrder::push;
  } else if (name == "nDaysSinceLastPush") {
    rule.pushed_within = std::chrono::days(params.number(name, 1, kMostDays));
  } else if (name == "nDaysSinceLastPull") {
    rule.pulled_within = std::chrono::days(params.number(name, 1, kMostDays));
  } else {
    object.refuse("template", in_quotes(name) + " is not known");
  }
}

/// Nothing if the rule is disabled.
std::optional<RetentionRule> read_rule(PolicyObject& object, const std::string& name, const std::string& prefix) {
  object.allow_only({"id", "priority", "disabled", "action", "template", "params", "tag_selectors", "scope_selectors"});
  RetentionRule rule{.name = name, .action = RetentionAction::keep, .unit = RetentionUnit::manifest};
  if (object.has("action") && object.text("action") != "retain") object.refuse("action", "is not retain");
  read_scope_selector(object, prefix, rule);
  read_tag_selector(object, rule);
  read_template(object, rule);
  return object.flag("disabled") ? std::nullopt : std::optional(std::move(rule));
}

}  // namespace

Result<std::vector<RetentionRule>> read_harbor_policy(std::string_view json, const HarborImport& import) {
  const std::string prefix = import.project.empty() ? "" : import.project + "/";
  if (const auto scope = NamePattern::parse_repository(prefix + "**"); !scope) return refuse_policy(scope.error());
  const Result<JsonDocument> document = parse_policy(json, import.name);
  if (!document) return std::unexpected(document.error());
  std::optional<std::string> fault;
  PolicyObject policy(*document, fault);
  policy.allow_only({"id", "algorithm", "rules", "trigger", "scope"});
  if (policy.text("algorithm") != "or") policy.refuse("algorithm", "is not or");
  if (!policy.has("rules")) policy.refuse("rules", "missing");
  std::vector<PolicyObject> objects = policy.objects("rules");
  // Each can bring a delete rule along.
  if (objects.size() > RetentionLimits::kRules / 2) policy.refuse("rules", "are too many");
  std::vector<RetentionRule> rules;
  for (std::size_t i = 0; i < objects.size() && !fault; ++i) {
    std::optional<RetentionRule> rule = read_rule(objects[i], import.name + "-" + std::to_string(i + 1), prefix);
    if (rule) rules.push_back(*std::move(rule));
  }
  if (fault) return refuse_policy(*std::move(fault));
  const std::size_t keeping = rules.size();
  for (std::size_t i = 0; i < keeping; ++i) {
    RetentionRule rest{.name = rules[i].name + "-rest",
                       .description = "What no rule retains",
                       .action = RetentionAction::remove,
                       .repositories = rules[i].repositories,
                       .except_repositories = rules[i].except_repositories,
                       .unit = RetentionUnit::manifest};
    const bool is_known = std::ranges::any_of(rules, [&rest](const RetentionRule& rule) {
      return rule.action == RetentionAction::remove && rule.repositories == rest.repositories &&
             rule.except_repositories == rest.except_repositories;
    });
    if (!is_known) rules.push_back(std::move(rest));
  }
  return rules;
}

}  // namespace berth
