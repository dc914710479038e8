// JSON and URL text, written piece by piece.
#pragma once

#include <string>
#include <string_view>

namespace berth {

/// `text` in quotes, escaped. Bytes that are not UTF-8 are the caller's to avoid.
void append_json_string(std::string& json, std::string_view text);

/// For a value in a query: everything but RFC 3986's unreserved characters becomes %XX.
std::string percent_encoded(std::string_view text);

}  // namespace berth
