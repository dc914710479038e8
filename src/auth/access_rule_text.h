// A rule as people write it on one line, and as the account store keeps it:
//
//   allow pull to anonymous on public/**
//   allow pull,push to group:dev,robot:ci on team/**,tools/* tags v*
//   deny delete to authenticated on release/**
//   allow admin to user:alice
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "auth/access_rule.h"

namespace berth {

/// What AccessRule::text() writes, read back: the rule without its origin, or the reason why it is none. Refuses what
/// could never decide anything, since that is a mistake: patterns for actions on the registry as a whole, tags without
/// push or delete.
std::expected<AccessRule, std::string> parse_access_rule(std::string_view text);

}  // namespace berth
