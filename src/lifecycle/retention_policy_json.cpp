#include "lifecycle/retention_policy_json.h"

#include <algorithm>
#include <utility>

#include "content/json_fields.h"
#include "content/printable.h"
#include "lifecycle/retention_readers.h"

namespace berth {
namespace {

constexpr JsonLimits kJsonLimits{.nesting_depth = 8, .value_count = 20'000};

}  // namespace

std::unexpected<Error> refuse_policy(std::string message) {
  return refuse(ErrorCode::request_invalid, std::move(message));
}

Result<JsonDocument> parse_policy(std::string_view json, std::string_view import_name) {
  if (!is_retention_name(import_name) || import_name.size() > kImportNameBytes) {
    return refuse_policy("name: \"" + printable(import_name) + "\" is not a name (letters, digits, ., _ and -)");
  }
  if (json.size() > kPolicyBytes) return refuse_policy("more than " + std::to_string(kPolicyBytes) + " bytes");
  Result<JsonDocument> document = JsonDocument::parse(json, kJsonLimits);
  if (!document) return refuse_policy(document.error().message);
  return document;
}

PolicyObject::PolicyObject(const JsonDocument& document, std::optional<std::string>& fault)
    : PolicyObject(document.root(), {}, fault) {}

PolicyObject::PolicyObject(std::optional<JsonValue> value, std::string path, std::optional<std::string>& fault)
    : value_(value), path_(std::move(path)), fault_(&fault) {
  if (!value_ || value_->kind() == JsonKind::object) return;
  keep(path_.empty() ? "the policy" : path_, "not an object");
  value_.reset();
}

void PolicyObject::keep(const std::string& field, std::string_view reason) {
  if (!*fault_) *fault_ = field + ": " + std::string(reason);
}

void PolicyObject::refuse(std::string_view key, std::string_view reason) {
  keep(field_path(path_, key), reason);
}

void PolicyObject::refuse_element(std::string_view key, std::size_t position, std::string_view reason) {
  keep(element_path(field_path(path_, key), position), reason);
}

std::optional<JsonValue> PolicyObject::find(std::string_view key) const {
  return value_ ? find_field(*value_, key) : std::nullopt;
}

bool PolicyObject::has(std::string_view key) const {
  return find(key).has_value();
}

void PolicyObject::allow_only(std::initializer_list<std::string_view> keys) {
  if (!value_) return;
  for (std::optional<JsonValue> member = value_->first_child(); member; member = member->next_sibling()) {
    if (std::ranges::find(keys, member->key()) == keys.end()) refuse(printable(member->key()), "is not known");
  }
}

std::string PolicyObject::text(std::string_view key) {
  if (!has(key)) refuse(key, "missing");
  return text_or_empty(key);
}

std::string PolicyObject::text_or_empty(std::string_view key) {
  const std::optional<JsonValue> field = find(key);
  if (!field) return {};
  const std::optional<std::string_view> text = field->as_string();
  if (!text) refuse(key, "not a string");
  return std::string(text.value_or(""));
}

std::uint64_t PolicyObject::number(std::string_view key, std::uint64_t least, std::uint64_t most) {
  const std::optional<JsonValue> field = find(key);
  if (!field) refuse(key, "missing");
  const std::optional<std::uint64_t> number = field ? field->as_whole_number() : std::nullopt;
  if (number && *number >= least && *number <= most) return *number;
  refuse(key, "not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

bool PolicyObject::flag(std::string_view key) {
  const std::optional<JsonValue> field = find(key);
  if (!field) return false;
  const std::optional<bool> flag = field->as_boolean();
  if (!flag) refuse(key, "not true or false");
  return flag.value_or(false);
}

PolicyObject PolicyObject::object(std::string_view key) {
  const std::optional<JsonValue> field = find(key);
  if (!field) refuse(key, "missing");
  return {field, field_path(path_, key), *fault_};
}

std::vector<std::string> PolicyObject::texts(std::string_view key) {
  std::vector<std::string> texts;
  const std::optional<JsonValue> field = find(key);
  if (!field) return texts;
  if (field->kind() != JsonKind::array) refuse(key, "not a list");
  for (std::optional<JsonValue> element = field->first_child(); element; element = element->next_sibling()) {
    const std::optional<std::string_view> text = element->as_string();
    if (!text) refuse_element(key, texts.size(), "not a string");
    texts.emplace_back(text.value_or(""));
  }
  return texts;
}

std::vector<PolicyObject> PolicyObject::objects(std::string_view key) {
  std::vector<PolicyObject> objects;
  const std::optional<JsonValue> field = find(key);
  if (!field) return objects;
  if (field->kind() != JsonKind::array) {
    refuse(key, "not a list");
    return objects;
  }
  for (std::optional<JsonValue> element = field->first_child(); element; element = element->next_sibling()) {
    objects.push_back(PolicyObject(element, element_path(field_path(path_, key), objects.size()), *fault_));
  }
  return objects;
}

}  // namespace berth
