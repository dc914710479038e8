#include "observe/escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace berth {
namespace {

struct Character {
  std::uint32_t code_point = 0;
  std::size_t byte_count = 1;
  bool is_valid = false;
};

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// The first character of a non-empty `text`; an invalid one is always a single byte.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1, true};
  std::size_t length = 0;
  std::uint32_t code_point = 0;
  std::uint32_t smallest = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2, code_point = lead & 0x1FU, smallest = 0x80;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3, code_point = lead & 0x0FU, smallest = 0x800;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4, code_point = lead & 0x07U, smallest = 0x10000;
  }
  if (length == 0 || text.size() < length) return {lead, 1, false};
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return {lead, 1, false};
    code_point = (code_point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < smallest || code_point > 0x10FFFF || is_surrogate) return {lead, 1, false};
  return {code_point, length, true};
}

/// Characters that end a line or rearrange it on a terminal: C1 controls, line and paragraph separator, bidirectional
/// marks, the byte order mark.
bool is_deceptive(std::uint32_t code_point) {
  return (code_point >= 0x80 && code_point <= 0x9F) || code_point == 0x200E || code_point == 0x200F ||
         (code_point >= 0x2028 && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069) ||
         code_point == 0xFEFF;
}

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._/@^+").find(c) != std::string_view::npos;
}

/// Calls `append(character, bytes)` for each character up to the limit; returns whether something was cut off.
template <class Append>
bool for_each_character(std::string_view text, Append append) {
  const std::string_view shown = text.substr(0, kLoggedTextLimitBytes);
  std::size_t at = 0;
  while (at < shown.size()) {
    const Character character = first_character(shown.substr(at));
    // The limit may fall inside a character: then that character is cut off, too.
    if (!character.is_valid && text.size() > shown.size() && shown.size() - at < 4) break;
    append(character, shown.substr(at, character.byte_count));
    at += character.byte_count;
  }
  return text.size() > shown.size();
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  const bool is_cut = for_each_character(text, [&out](const Character& character, std::string_view bytes) {
    const std::uint32_t code = character.code_point;
    if (!character.is_valid || code < 0x20 || code == 0x7F) {
      if (code == '\n') {
        out += "\\n";
      } else if (code == '\r') {
        out += "\\r";
      } else if (code == '\t') {
        out += "\\t";
      } else {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", code);
      }
    } else if (code == '"' || code == '\\') {
      out += '\\';
      out += bytes;
    } else if (is_deceptive(code)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
      out += bytes;
    }
  });
  if (is_cut) out += "...";
  out += '"';
}

void append_bare_or_quoted(std::string& out, std::string_view text) {
  if (!text.empty() && text.size() <= kLoggedTextLimitBytes && std::all_of(text.begin(), text.end(), is_bare)) {
    out += text;
  } else {
    append_quoted(out, text);
  }
}

void append_json_quoted(std::string& out, std::string_view text) {
  out += '"';
  const bool is_cut = for_each_character(text, [&out](const Character& character, std::string_view bytes) {
    const std::uint32_t code = character.code_point;
    if (!character.is_valid) {
      out += "\xEF\xBF\xBD";
    } else if (code == '"' || code == '\\') {
      out += '\\';
      out += bytes;
    } else if (code == '\n') {
      out += "\\n";
    } else if (code == '\r') {
      out += "\\r";
    } else if (code == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code == 0x7F || is_deceptive(code)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
      out += bytes;
    }
  });
  if (is_cut) out += "...";
  out += '"';
}

}  // namespace berth
