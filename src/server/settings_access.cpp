// Who may do what, in rules: access, policy, middleware.registry.
#include <algorithm>
#include <boost/regex.hpp>

#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

using Check = std::function<std::optional<std::string>(const std::string&)>;

/// A list that may be written as the one word it has, each held against `check`; notes in `origin` where it stands.
SettingBinding words(std::vector<std::string>& target, std::string& origin, Check check) {
  SettingBinding binding = checked(text_list(target), std::move(check));
  binding.type = "word or list";
  binding.read = [read = std::move(binding.read), &origin](const ConfigValue& value, SettingFaults& faults) {
    if (origin.empty()) origin = value.position().text();
    if (!value.is_scalar()) return read(value, faults);
    ConfigValue list = ConfigValue::list(value.position());
    list.items().push_back(value);
    read(list, faults);
  };
  return binding;
}

template <class T>
std::optional<std::string> reason_of(const std::expected<T, std::string>& parsed) {
  return parsed ? std::nullopt : std::optional(parsed.error());
}

std::optional<std::string> check_action(const std::string& text) {
  if (parse_access_action(text)) return std::nullopt;
  return "\"" + text + "\" is not one of pull, push, delete, catalog, admin";
}
std::optional<std::string> check_subject(const std::string& text) {
  return reason_of(AccessSubject::parse(text));
}
std::optional<std::string> check_repositories(const std::string& text) {
  return reason_of(NamePattern::parse_repository(text));
}
std::optional<std::string> check_tags(const std::string& text) {
  return reason_of(NamePattern::parse_tag(text));
}

void describe_rule(SettingSection& section, AccessRuleConfig& rule) {
  section.value(
      "allow", words(rule.allow, rule.origin, check_action),
      "What is allowed: `pull`, `push`, `delete` (of tags, manifests, blobs), `catalog` (to list repositories; "
      "one sees those that one may pull), `admin` (users and rules). Clients that push also pull.",
      {.reload = SettingReload::live});
  section.value("deny", words(rule.deny, rule.origin, check_action),
                "What is not allowed; beats every `allow`, wherever it stands.", {.reload = SettingReload::live});
  section.value(
      "who", words(rule.who, rule.origin, check_subject),
      "`user:NAME`, `group:NAME`, `robot:NAME`, `authenticated` (every user and robot) or `anonymous` (an `allow` "
      "is for everybody then, a `deny` for callers without a login).",
      {.reload = SettingReload::live});
  section.value("repositories", words(rule.repositories, rule.origin, check_repositories),
                "Patterns: `*` within a segment, `**` across segments. Unset: all, and the registry as a whole.",
                {.reload = SettingReload::live});
  section.value("tags", words(rule.tags, rule.origin, check_tags),
                "Patterns that hold `push` and `delete` to such tags. Unset: all, and what has no tag.",
                {.reload = SettingReload::live});
}

void describe_protection(SettingSection& section, TagProtectionConfig& protection) {
  section.value("repositories", words(protection.repositories, protection.origin, check_repositories),
                "Patterns. Unset: all.", {.reload = SettingReload::live});
  section.value("tags", words(protection.tags, protection.origin, check_tags), "Patterns. Unset: all.",
                {.reload = SettingReload::live});
  section.value("except", words(protection.except, protection.origin, check_subject),
                "Who may move and delete them all the same, written as `access[].who`.",
                {.reload = SettingReload::live});
}

/// `{allow: [regex], deny: [regex]}`, shown as it was written.
SettingBinding name_patterns(RegistryMiddlewareConfig& middleware) {
  SettingBinding binding;
  binding.type = "map";
  binding.shape = SettingShape::map;
  binding.read = [&middleware](const ConfigValue& value, SettingFaults& faults) {
    if (!value.is_map()) return faults.refuse(value, not_a(value, "a map (like {allow: [\"^approved/\"]})"));
    for (const ConfigEntry& entry : value.entries()) {
      const bool is_known = entry.key == "allow" || entry.key == "deny";
      if (!is_known) {
        faults.warn(entry.value, "unknown option " + entry.key);
        continue;
      }
      checked(text_list(entry.key == "allow" ? middleware.allow : middleware.deny), check_regular_expression)
          .read(entry.value, faults);
    }
  };
  binding.show = [&middleware] {
    return "{allow: " + text_list(middleware.allow).show() + ", deny: " + text_list(middleware.deny).show() + "}";
  };
  return binding;
}

std::optional<std::string> check_registry_middleware(const std::string& text) {
  if (text == "repository") return std::nullopt;
  return "no registry middleware is called \"" + text + "\"; there is `repository`";
}

void describe_registry_middleware(SettingSection& section, RegistryMiddlewareConfig& middleware) {
  section.value("name", checked(text(middleware.name), check_registry_middleware),
                "`repository`: holds pushes to repositories whose names the options let through.");
  section.value("disabled", flag(middleware.is_disabled), "Skips it.");
  section.value(
      "options", name_patterns(middleware),
      "`allow` and `deny`, lists of regular expressions that are searched for in the name. `deny` wins; without "
      "`allow` all that is not denied is allowed.");
}

}  // namespace

void describe_access(SettingSection root, ServerConfig& config) {
  root.list<AccessRuleConfig>(
      "access", config.access.rules, describe_rule,
      "Berth's own. Rules: who may do what. Without any, whoever has logged in may do everything but `admin`; with the "
      "first, only what a rule allows.",
      {.reload = SettingReload::live});
}

void describe_policy(SettingSection root, ServerConfig& config) {
  SettingSection policy = root.section("policy", "What may be pushed and changed.");
  policy.section("repository", "By kind of repository.")
      .value("classes", checked(text_list(config.manifest_classes), check_one_of({"image", "plugin"})),
             "Allowed classes: `image`, `plugin`. Unset: all, and whatever else there is.");
  policy.list<TagProtectionConfig>("tags", config.access.tag_protections, describe_protection,
                                   "Berth's own. Tags that, once they are there, can be neither moved nor deleted.",
                                   {.reload = SettingReload::live});
}

void describe_registry_middleware_list(SettingSection middleware, ServerConfig& config) {
  middleware.list<RegistryMiddlewareConfig>("registry", config.registry_middleware, describe_registry_middleware,
                                            "Around the registry.");
}

}  // namespace berth
