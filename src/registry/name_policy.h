// NamePolicy: which repositories take pushes (middleware.registry).
#pragma once

#include <string>
#include <vector>

#include "content/repository_name.h"
#include "registry/url_policy.h"

namespace berth {

/// Threading: any thread.
class NamePolicy {
 public:
  /// Regular expressions that are searched for in a name; deny wins, and without any allow every other name is fine.
  NamePolicy(const std::vector<std::string>& allow, const std::vector<std::string>& deny) : patterns_(allow, deny) {}

  bool takes_pushes_to(const RepositoryName& name) const { return patterns_.allows(name.text()); }

 private:
  UrlPolicy patterns_;  // the same rules, and the same bounds on what an expression may cost
};

}  // namespace berth
