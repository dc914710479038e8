// Byte counts as Berth's own settings write them: "4MiB", "500MB", or a plain number of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

/// Digits, then nothing, B, KiB, MiB, GiB, TiB (powers of 1024) or KB, MB, GB, TB (powers of 1000), in any letter case,
/// with or without one space. "K", "M" and "G" alone are refused: people mean different things by them.
std::optional<std::uint64_t> parse_byte_count(std::string_view text);

/// The shortest text that parse_byte_count reads back as the same value, in binary units: "4MiB", "1000".
std::string format_byte_count(std::uint64_t bytes);

}  // namespace berth
