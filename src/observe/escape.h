// Escaping of foreign text for log lines: what a client sends must never end a line, forge a field or move a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace berth {

/// A longer text is cut here and ends in "..." (a request target may have 8 KiB; a manifest must not land in the log).
inline constexpr std::size_t kLoggedTextLimitBytes = 16 * 1024;

/// Appends `text` in double quotes, escaped as Go's %q does: \" \\ \n \r \t, \x1b for other control characters and for
/// bytes that are not UTF-8, \u202e for line separators and bidirectional controls.
void append_quoted(std::string& out, std::string_view text);

/// Appends `text` as logrus writes a value: bare if it holds only letters, digits and -._/@^+ and is not empty.
void append_bare_or_quoted(std::string& out, std::string_view text);

/// Appends `text` as a JSON string. Bytes that are not UTF-8 become U+FFFD, so that the line is always valid JSON.
void append_json_quoted(std::string& out, std::string_view text);

}  // namespace berth
