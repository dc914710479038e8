// Lower-case hexadecimal text of bytes, and back.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

std::string to_hex(std::span<const std::byte> bytes);

/// Nothing if the length is odd or a character is not 0-9a-f (upper case is not accepted: OCI digests have none).
std::optional<std::vector<std::byte>> from_hex(std::string_view text);

}  // namespace berth
