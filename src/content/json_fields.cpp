#include "content/json_fields.h"

#include <algorithm>
#include <utility>

#include "content/printable.h"

namespace berth {
namespace {

constexpr std::size_t kMaxMediaTypeBytes = 255;  // RFC 6838 section 4.2: 127 on each side of the slash

// RFC 6838 names, but also parameters: ORAS and others push "text/plain; charset=utf-8" as a layer's type.
bool is_media_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size()) return false;
  if (text.size() > kMaxMediaTypeBytes) return false;
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace

std::string field_path(std::string_view parent, std::string_view name) {
  std::string path(parent);
  if (!path.empty()) path += '.';
  path += name;
  return path;
}

std::string element_path(std::string_view parent, std::size_t position) {
  return std::string(parent) + '[' + std::to_string(position) + ']';
}

std::unexpected<Error> refuse_field(std::string_view field, std::string_view reason) {
  std::string message(field);
  message += ": ";
  message += reason;
  return refuse(ErrorCode::manifest_invalid, std::move(message));
}

std::optional<JsonValue> find_field(const JsonValue& object, std::string_view name) {
  std::optional<JsonValue> field = object.find(name);
  if (field && field->is_null()) return std::nullopt;
  return field;
}

Result<std::optional<std::string>> read_string(const JsonValue& object, std::string_view parent,
                                               std::string_view name) {
  const std::optional<JsonValue> field = find_field(object, name);
  if (!field) return std::nullopt;
  const std::optional<std::string_view> text = field->as_string();
  if (!text) return refuse_field(field_path(parent, name), "not a string");
  return std::string(*text);
}

Result<std::optional<std::string>> read_media_type(const JsonValue& object, std::string_view parent,
                                                   std::string_view name) {
  Result<std::optional<std::string>> type = read_string(object, parent, name);
  if (!type || !*type) return type;
  const std::string& text = **type;
  if (text.empty()) return std::nullopt;
  if (!is_media_type(text)) {
    return refuse_field(field_path(parent, name), "\"" + printable(text) + "\" is not a media type (type/subtype)");
  }
  return type;
}

Result<std::vector<std::string>> read_string_list(const JsonValue& object, std::string_view parent,
                                                  std::string_view name) {
  std::vector<std::string> texts;
  const std::optional<JsonValue> field = find_field(object, name);
  if (!field) return texts;
  if (field->kind() != JsonKind::array) return refuse_field(field_path(parent, name), "not a list");
  for (std::optional<JsonValue> element = field->first_child(); element; element = element->next_sibling()) {
    const std::optional<std::string_view> text = element->as_string();
    if (!text) return refuse_field(element_path(field_path(parent, name), texts.size()), "not a string");
    texts.emplace_back(*text);
  }
  return texts;
}

Result<std::map<std::string, std::string>> read_string_map(const JsonValue& object, std::string_view parent,
                                                           std::string_view name) {
  std::map<std::string, std::string> texts;
  const std::optional<JsonValue> field = find_field(object, name);
  if (!field) return texts;
  if (field->kind() != JsonKind::object) return refuse_field(field_path(parent, name), "not an object");
  for (std::optional<JsonValue> member = field->first_child(); member; member = member->next_sibling()) {
    const std::optional<std::string_view> text = member->as_string();
    if (!text) return refuse_field(field_path(field_path(parent, name), printable(member->key())), "not a string");
    texts.emplace(member->key(), *text);
  }
  return texts;
}

}  // namespace berth
