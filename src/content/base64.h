// Base64 (RFC 4648) as the image-spec's descriptor `data` field and the stored hash states use it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth {

/// With padding, without line breaks.
std::string to_base64(std::span<const std::byte> bytes);

/// The decoded bytes. Nothing unless `text` is exactly what to_base64 writes: padded, no line breaks, no set bits
/// beyond the last byte. So every byte string has one text.
std::optional<std::string> from_base64(std::string_view text);

/// Base64url without padding (RFC 4648, 5), as JSON Web Tokens have it; as strict as from_base64().
std::string to_base64url(std::span<const std::byte> bytes);
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace berth
