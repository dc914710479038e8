// Members of a JSON object, read into fields; for tokens and keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/json_document.h"

namespace berth {

/// All of these leave `into` as it is if there is no such member (or it is null), and are false if it has another type.
inline bool read_text(const JsonValue& object, std::string_view name, std::string& into) {
  const std::optional<JsonValue> value = object.find(name);
  if (!value || value->is_null()) return true;
  const std::optional<std::string_view> text = value->as_string();
  if (text) into = *text;
  return text.has_value();
}

inline bool read_number(const JsonValue& object, std::string_view name, std::optional<double>& into) {
  const std::optional<JsonValue> value = object.find(name);
  if (!value || value->is_null()) return true;
  into = value->as_number();
  return into.has_value();
}

inline bool read_texts(const JsonValue& object, std::string_view name, std::vector<std::string>& into) {
  const std::optional<JsonValue> list = object.find(name);
  if (!list || list->is_null()) return true;
  if (list->kind() != JsonKind::array) return false;
  for (std::optional<JsonValue> item = list->first_child(); item; item = item->next_sibling()) {
    const std::optional<std::string_view> text = item->as_string();
    if (!text) return false;
    into.emplace_back(*text);
  }
  return true;
}

}  // namespace berth
