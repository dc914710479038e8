#include "auth/token/token_identity.h"

#include "auth/access_limit.h"
#include "content/repository_name.h"

namespace berth {
namespace {

ActionSet actions_of(const std::vector<std::string>& names) {
  ActionSet actions;
  for (const std::string& name : names) {
    if (name == "*") {
      for (const AccessAction action : {AccessAction::pull, AccessAction::push, AccessAction::remove}) {
        actions.add(action);
      }
    } else if (const std::optional<AccessAction> action = parse_access_action(name)) {
      actions.add(*action);
    }
  }
  return actions;
}

void add(AccessLimit& limit, const TokenAccess& access) {
  // Docker's type may have a class: "repository(plugin)".
  const std::string_view type = std::string_view(access.type).substr(0, access.type.find('('));
  if (type == "repository") {
    if (!RepositoryName::parse(access.name)) return;
    limit.add_repository(access.name, actions_of(access.actions));
  } else if (type == "registry" && access.name == "catalog") {
    for (const std::string& action : access.actions) {
      if (action == "*") limit.add_registry({AccessAction::catalog});
    }
  }
}

}  // namespace

std::shared_ptr<const Identity> identity_of(const TokenClaims& claims, TokenOrigin origin) {
  auto limit = std::make_shared<AccessLimit>();
  for (const TokenAccess& access : claims.access) add(*limit, access);
  auto who = std::make_shared<Identity>();
  const bool is_ours = origin == TokenOrigin::berth;
  if (!claims.subject.empty()) {
    who->kind = is_ours && claims.kind == "robot" ? IdentityKind::robot : IdentityKind::user;
  }
  who->name = claims.subject;
  if (is_ours) who->groups = claims.groups;
  who->proof = Proof::token;
  who->limit = std::move(limit);
  return who;
}

}  // namespace berth
