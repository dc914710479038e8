// When a secret ends, as people write it: "90d", "12h", "never", or a time.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace berth::admin {

/// What holds unless something is said.
inline constexpr std::string_view kDefaultExpiry = "90d";

/// "never" is nothing. Days ("90d") and weeks ("2w"), a duration ("36h"), or a time ("2027-03-01T00:00:00Z"); else the
/// reason why it is none of them.
std::expected<std::optional<WallTime>, std::string> parse_expiry(std::string_view text, WallTime now);

}  // namespace berth::admin
