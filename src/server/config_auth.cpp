#include "server/config_auth.h"

namespace berth {
namespace {

std::vector<NamePattern> repositories_of(const std::vector<std::string>& texts) {
  std::vector<NamePattern> patterns;
  for (const std::string& text : texts) patterns.push_back(NamePattern::parse_repository(text).value());
  return patterns;
}

std::vector<NamePattern> tags_of(const std::vector<std::string>& texts) {
  std::vector<NamePattern> patterns;
  for (const std::string& text : texts) patterns.push_back(NamePattern::parse_tag(text).value());
  return patterns;
}

std::vector<AccessSubject> subjects_of(const std::vector<std::string>& texts) {
  std::vector<AccessSubject> subjects;
  for (const std::string& text : texts) subjects.push_back(AccessSubject::parse(text).value());
  return subjects;
}

}  // namespace

PolicySource AccessConfig::policy_source() const {
  PolicySource source;
  for (const AccessRuleConfig& rule : rules) {
    AccessRule made{.effect = rule.deny.empty() ? RuleEffect::allow : RuleEffect::deny,
                    .subjects = subjects_of(rule.who),
                    .actions = {},
                    .repositories = repositories_of(rule.repositories),
                    .tags = tags_of(rule.tags),
                    .origin = rule.origin};
    for (const std::string& action : rule.deny.empty() ? rule.allow : rule.deny) {
      made.actions.add(parse_access_action(action).value());
    }
    source.rules.push_back(std::move(made));
  }
  for (const TagProtectionConfig& protection : tag_protections) {
    source.protections.push_back({.repositories = repositories_of(protection.repositories),
                                  .tags = tags_of(protection.tags),
                                  .except = subjects_of(protection.except),
                                  .origin = protection.origin});
  }
  return source;
}

}  // namespace berth
