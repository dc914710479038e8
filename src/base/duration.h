// Durations as Distribution's configuration writes them: Go's syntax ("168h", "1m30s", "250ms").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

/// Go's time.ParseDuration: an optional sign, then numbers (with fraction) each followed by ns, us, µs, ms, s, m or h;
/// or just "0". Nothing if the text is anything else or does not fit 64 bits of nanoseconds (292 years).
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration reads back as the same value: "168h", "1m30s", "1s500ms", "0s".
std::string format_duration(std::chrono::nanoseconds duration);

}  // namespace berth
