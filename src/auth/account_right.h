// AccountRight: what a robot may do, or what a token of a user is good for at most: `pull,push:team/app/**`.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/access_limit.h"
#include "auth/access_request.h"
#include "auth/access_rule.h"
#include "auth/name_pattern.h"

namespace berth {

struct AccountRight {
  ActionSet actions;
  /// Nothing: of the registry as a whole, for catalog and admin.
  std::optional<NamePattern> repositories;

  /// `pull:team/app/**`, `pull,push,delete:team/*`, `catalog`, `admin`; or the reason why it is none of them.
  static std::expected<AccountRight, std::string> parse(std::string_view text);
  std::string text() const;
};

/// The rights that are stored. Throws Failure(metadata) for one that does not parse: it was checked before it was
/// stored.
std::vector<AccountRight> stored_rights(const std::vector<std::string>& texts);

std::shared_ptr<const AccessLimit> limit_of(const std::vector<AccountRight>& rights);

/// The rules that a robot's rights come to.
std::vector<AccessRule> rules_of_robot(const std::string& name, const std::vector<AccountRight>& rights);

}  // namespace berth
