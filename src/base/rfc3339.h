// Times as JSON and people write them: "2027-03-01T09:30:00Z" (RFC 3339).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace berth {

/// In UTC, to the second: what is finer is cut off.
std::string to_rfc3339(WallTime time);
/// With microseconds, where moments must be told apart: "2027-03-01T09:30:00.250000Z".
std::string to_exact_rfc3339(WallTime time);

/// Also with a fraction of a second, an offset ("+02:00"), and small letters. Nothing for what is no such time, or is
/// before 1970.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace berth
