#include "auth/access_request.h"

#include <array>

namespace berth {
namespace {

constexpr std::array kActions{AccessAction::pull, AccessAction::push, AccessAction::remove, AccessAction::catalog,
                              AccessAction::admin};

}  // namespace

std::string_view to_string(AccessAction action) {
  switch (action) {
    case AccessAction::pull:
      return "pull";
    case AccessAction::push:
      return "push";
    case AccessAction::remove:
      return "delete";
    case AccessAction::catalog:
      return "catalog";
    case AccessAction::admin:
      return "admin";
  }
  return "";
}

std::optional<AccessAction> parse_access_action(std::string_view text) {
  for (const AccessAction action : kActions) {
    if (to_string(action) == text) return action;
  }
  return std::nullopt;
}

std::string to_string(ActionSet actions) {
  std::string text;
  for (const AccessAction action : kActions) {
    if (!actions.has(action)) continue;
    if (!text.empty()) text += ',';
    text += to_string(action);
  }
  return text;
}

}  // namespace berth
