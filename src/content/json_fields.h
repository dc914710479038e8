// Reading typed fields of a JSON object with refusals that name the field: "layers[2].size: not a whole number".
// null is read as absent everywhere, as the Go programs that write most manifests do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/json_document.h"

namespace berth {

/// "config" + "digest" -> "config.digest"; "" + "config" -> "config".
std::string field_path(std::string_view parent, std::string_view name);
/// "layers", 2 -> "layers[2]"
std::string element_path(std::string_view parent, std::size_t position);
/// manifest_invalid with "<field>: <reason>".
std::unexpected<Error> refuse_field(std::string_view field, std::string_view reason);

/// The member unless absent or null. `object` must be an object.
std::optional<JsonValue> find_field(const JsonValue& object, std::string_view name);

Result<std::optional<std::string>> read_string(const JsonValue& object, std::string_view parent, std::string_view name);
/// A media type: `type/subtype` in printable ASCII, perhaps with parameters, of at most 255 characters. Empty is
/// absent.
Result<std::optional<std::string>> read_media_type(const JsonValue& object, std::string_view parent,
                                                   std::string_view name);
/// Absent gives an empty list.
Result<std::vector<std::string>> read_string_list(const JsonValue& object, std::string_view parent,
                                                  std::string_view name);
/// Absent gives an empty map.
Result<std::map<std::string, std::string>> read_string_map(const JsonValue& object, std::string_view parent,
                                                           std::string_view name);

}  // namespace berth
