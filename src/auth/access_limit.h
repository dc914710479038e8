// AccessLimit: what credentials are good for at most: the `access` of a token.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/access_request.h"
#include "auth/name_pattern.h"

namespace berth {

/// Immutable once shared. Checked beside the rules: it narrows, and never grants.
class AccessLimit {
 public:
  /// `repository`: exactly this one.
  void add_repository(std::string repository, ActionSet actions) {
    repositories_.push_back({std::move(repository), actions});
  }
  void add_pattern(NamePattern pattern, ActionSet actions) { patterns_.push_back({std::move(pattern), actions}); }
  /// Of the registry as a whole: catalog, admin.
  void add_registry(ActionSet actions) {
    for (const AccessAction action : {AccessAction::catalog, AccessAction::admin}) {
      if (actions.has(action)) registry_.add(action);
    }
  }

  bool allows(const AccessRequest& request) const {
    if (request.repository.empty()) return registry_.has(request.action);
    for (const auto& [name, actions] : repositories_) {
      const bool is_named = name == request.repository || (!request.alias.empty() && name == request.alias);
      if (is_named && actions.has(request.action)) return true;
    }
    for (const auto& [pattern, actions] : patterns_) {
      if (actions.has(request.action) && pattern.matches(request.repository)) return true;
    }
    return false;
  }

 private:
  struct Exact {
    std::string name;
    ActionSet actions;
  };
  struct Glob {
    NamePattern pattern;
    ActionSet actions;
  };
  std::vector<Exact> repositories_;
  std::vector<Glob> patterns_;
  ActionSet registry_;
};

}  // namespace berth
