#include "auth/account_right.h"

#include <utility>

#include "base/failure.h"

namespace berth {
namespace {

std::expected<ActionSet, std::string> parse_actions(std::string_view text) {
  ActionSet actions;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    const std::optional<AccessAction> action = parse_access_action(word);
    if (!action) {
      return std::unexpected("\"" + std::string(word) + "\" is not an action (pull, push, delete, catalog, admin)");
    }
    actions.add(*action);
    if (comma == std::string_view::npos) return actions;
    text.remove_prefix(comma + 1);
  }
}

bool is_of_registry(ActionSet actions) {
  return actions.has(AccessAction::catalog) || actions.has(AccessAction::admin);
}

bool is_of_repositories(ActionSet actions) {
  return actions.has(AccessAction::pull) || actions.has(AccessAction::push) || actions.has(AccessAction::remove);
}

}  // namespace

std::expected<AccountRight, std::string> AccountRight::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::expected<ActionSet, std::string> actions = parse_actions(text.substr(0, colon));
  if (!actions) return std::unexpected(actions.error());
  if (colon == std::string_view::npos) {
    if (!is_of_repositories(*actions)) return AccountRight{.actions = *actions, .repositories = std::nullopt};
    return std::unexpected("\"" + std::string(text) + "\" does not say on which repositories (like pull:team/**)");
  }
  if (is_of_registry(*actions)) {
    return std::unexpected("catalog and admin are of the registry as a whole: they stand alone, without repositories");
  }
  std::expected<NamePattern, std::string> pattern = NamePattern::parse_repository(text.substr(colon + 1));
  if (!pattern) return std::unexpected(pattern.error());
  return AccountRight{.actions = *actions, .repositories = *std::move(pattern)};
}

std::string AccountRight::text() const {
  return repositories ? to_string(actions) + ":" + repositories->text() : to_string(actions);
}

std::vector<AccountRight> stored_rights(const std::vector<std::string>& texts) {
  std::vector<AccountRight> rights;
  for (const std::string& text : texts) {
    std::expected<AccountRight, std::string> right = AccountRight::parse(text);
    if (!right) throw Failure(FailureKind::metadata, "metadata: a stored right is damaged: " + right.error());
    rights.push_back(*std::move(right));
  }
  return rights;
}

std::shared_ptr<const AccessLimit> limit_of(const std::vector<AccountRight>& rights) {
  auto limit = std::make_shared<AccessLimit>();
  for (const AccountRight& right : rights) {
    if (right.repositories) {
      limit->add_pattern(*right.repositories, right.actions);
    } else {
      limit->add_registry(right.actions);
    }
  }
  return limit;
}

std::vector<AccessRule> rules_of_robot(const std::string& name, const std::vector<AccountRight>& rights) {
  std::vector<AccessRule> rules;
  for (const AccountRight& right : rights) {
    AccessRule rule{.subjects = {{.kind = AccessSubject::Kind::robot, .name = name}},
                    .actions = right.actions,
                    .origin = "the robot's own rights"};
    if (right.repositories) rule.repositories.push_back(*right.repositories);
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace berth
