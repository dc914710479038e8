// AccessRule: one line of the policy, as the configuration and the account store write it.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "auth/access_request.h"
#include "auth/name_pattern.h"

namespace berth {

/// Whom a rule is about: `anonymous`, `authenticated`, `user:alice`, `group:ops`, `robot:ci`.
struct AccessSubject {
  enum class Kind {
    /// Of an allow: everybody, since nobody loses by logging in. Of a deny: callers without a name only.
    anonymous,
    authenticated,  ///< every user and robot
    user,
    group,
    robot,
  };
  Kind kind = Kind::anonymous;
  std::string name = {};

  /// The value, or the reason why it is none.
  static std::expected<AccessSubject, std::string> parse(std::string_view text);
  std::string text() const;
  bool operator==(const AccessSubject&) const = default;
};

enum class RuleEffect { allow, deny };

struct AccessRule {
  RuleEffect effect = RuleEffect::allow;
  std::vector<AccessSubject> subjects;  ///< any of them
  ActionSet actions;
  /// Any of them; empty: every repository, and the registry as a whole.
  std::vector<NamePattern> repositories = {};
  /// For push and delete: only these tags. Empty: all, and what has no tag.
  std::vector<NamePattern> tags = {};
  /// Where it was written: "config.yml:12", "store rule 7".
  std::string origin = {};

  /// `allow pull,push to group:ops on team/** tags v*`
  std::string text() const;
};

}  // namespace berth
