// Ages in retention rules, as people write them: "30d", "2w", "36h".
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace berth {

/// Whole days ("30d"), whole weeks ("2w"), or a duration in Go's syntax ("36h", "1h30m") of whole seconds. From zero to
/// a hundred years; else the reason why it is no age.
std::expected<std::chrono::seconds, std::string> parse_age(std::string_view text);

/// The shortest text that parse_age reads back as the same value: "30d", "36h", "1h30m".
std::string format_age(std::chrono::seconds age);

}  // namespace berth
