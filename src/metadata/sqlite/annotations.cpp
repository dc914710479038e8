#include "metadata/sqlite/annotations.h"

#include <boost/json.hpp>

#include "base/failure.h"

namespace berth::sqlite {

namespace json = boost::json;

std::string annotations_to_text(const std::map<std::string, std::string>& annotations) {
  if (annotations.empty()) return "{}";
  json::object object;
  object.reserve(annotations.size());
  for (const auto& [name, value] : annotations) object.emplace(name, value);
  return json::serialize(object);
}

std::map<std::string, std::string> annotations_from_text(std::string_view text) {
  std::map<std::string, std::string> annotations;
  if (text == "{}") return annotations;
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (!object) throw Failure(FailureKind::metadata, "metadata: stored annotations are damaged");
  for (const json::key_value_pair& entry : *object) {
    const json::string* string = entry.value().if_string();
    if (!string) throw Failure(FailureKind::metadata, "metadata: stored annotations are damaged");
    annotations.emplace(entry.key(), *string);
  }
  return annotations;
}

}  // namespace berth::sqlite
