#include "lifecycle/retention_rule_config.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/setting_binding.h"
#include "content/json_document.h"
#include "content/json_fields.h"
#include "content/printable.h"
#include "lifecycle/retention_rule_fields.h"

namespace berth {
namespace {

// More than any policy has; a list of the longest lists is refused by the number of bytes.
constexpr JsonLimits kJsonLimits{.nesting_depth = 8, .value_count = 100'000};

/// The keys that are not fields of the rule's text.
constexpr std::string_view kName = "name";
constexpr std::string_view kDescription = "description";
constexpr std::string_view kAction = "action";

/// `(did you mean tags?)`, or nothing.
std::string suggestion_for(std::string_view key) {
  constexpr std::size_t kFarthest = 2;
  std::string nearest;
  std::size_t least = kFarthest + 1;
  const auto look_at = [&](std::string_view known) {
    const std::size_t distance = edit_distance(key, known, kFarthest);
    if (distance >= least) return;
    least = distance;
    nearest = known;
  };
  for (const std::string_view known : {kName, kDescription, kAction}) look_at(known);
  for (const RetentionField& field : retention_fields()) look_at(field.key);
  return nearest.empty() ? "" : " (did you mean " + nearest + "?)";
}

/// Reads one element of the list.
class RuleReader {
 public:
  RuleReader(std::string path, SettingReport& report) : path_(std::move(path)), report_(report) {}

  std::optional<RetentionRule> read(const ConfigValue& element) {
    if (!element.is_map()) {
      report_.error(element.position(), path_, not_a(element, "a map"));
      return std::nullopt;
    }
    const std::size_t errors_before = report_.errors.size();
    for (const ConfigEntry& entry : element.entries()) read_entry(entry);
    if (!has_action_ && report_.errors.size() == errors_before) {
      report_.error(element.position(), field_path(path_, kAction), "missing (keep, delete or protect)");
    }
    if (report_.errors.size() != errors_before) return std::nullopt;
    auto rule = finish_retention_rule(std::move(draft_));
    if (rule) return *std::move(rule);
    const RetentionFault& fault = rule.error();
    const ConfigValue* const at = element.find(fault.field);
    report_.error(at == nullptr ? element.position() : at->position(),
                  fault.field.empty() ? path_ : field_path(path_, fault.field), fault.reason);
    return std::nullopt;
  }

 private:
  void read_entry(const ConfigEntry& entry) {
    const RetentionField* const field = find_retention_field(entry.key);
    const bool is_own = entry.key == kName || entry.key == kDescription || entry.key == kAction;
    if (field == nullptr && !is_own) {
      return refuse(entry.position, printable(entry.key), "is not a key of a rule" + suggestion_for(entry.key));
    }
    if (entry.value.is_null()) return;
    if (field != nullptr && field->shape == FieldShape::list && entry.value.is_list()) {
      return read_list(*field, entry.value);
    }
    if (!entry.value.is_scalar())
      return refuse(entry.value.position(), entry.key, not_a(entry.value, "a single value"));
    const std::string& text = entry.value.text();
    std::optional<std::string> reason = field == nullptr ? read_own(entry.key, text) : field->read(draft_, text);
    if (reason) refuse(entry.value.position(), entry.key, *std::move(reason));
  }

  void read_list(const RetentionField& field, const ConfigValue& list) {
    for (std::size_t i = 0; i < list.items().size(); ++i) {
      const ConfigValue& item = list.items()[i];
      const std::string at = element_path(field.key, i);
      if (!item.is_scalar()) {
        refuse(item.position(), at, not_a(item, "a single value"));
      } else if (std::optional<std::string> reason = field.read(draft_, item.text())) {
        return refuse(item.position(), at, *std::move(reason));
      }
    }
  }

  std::optional<std::string> read_own(std::string_view key, const std::string& text) {
    if (key == kAction) {
      const std::optional<RetentionAction> action = parse_retention_action(text);
      if (!action) return "\"" + printable(text) + "\" is not one of keep, delete, protect";
      draft_.rule.action = *action;
      has_action_ = true;
      return std::nullopt;
    }
    if (key == kName) {
      if (!is_retention_name(text)) return "\"" + printable(text) + "\" is not a name (letters, digits, ., _ and -)";
      draft_.rule.name = text;
      return std::nullopt;
    }
    // It stands in tables and logs, so it is one line of what a terminal shows.
    if (text.size() > RetentionLimits::kDescriptionBytes || printable(text, text.size()) != text) {
      return "is not a line of at most " + std::to_string(RetentionLimits::kDescriptionBytes) + " ASCII characters";
    }
    draft_.rule.description = text;
    return std::nullopt;
  }

  void refuse(const ConfigPosition& position, std::string_view key, std::string reason) {
    report_.error(position, field_path(path_, key), std::move(reason));
  }

  const std::string path_;
  SettingReport& report_;
  RetentionDraft draft_;
  bool has_action_ = false;
};

ConfigValue config_value_of(const JsonValue& json) {
  const ConfigPosition nowhere;
  switch (json.kind()) {
    case JsonKind::null:
      return ConfigValue::null(nowhere);
    case JsonKind::boolean:
      return ConfigValue::scalar(*json.as_boolean() ? "true" : "false", ConfigValue::Style::plain, nowhere);
    case JsonKind::integer: {
      // What is negative or too large is no number of anything here.
      const std::optional<std::uint64_t> number = json.as_whole_number();
      return ConfigValue::scalar(number ? std::to_string(*number) : "a number out of range", ConfigValue::Style::plain,
                                 nowhere);
    }
    case JsonKind::other_number:
      return ConfigValue::scalar("a broken number", ConfigValue::Style::plain, nowhere);
    case JsonKind::string:
      return ConfigValue::scalar(std::string(*json.as_string()), ConfigValue::Style::text, nowhere);
    case JsonKind::array: {
      ConfigValue list = ConfigValue::list(nowhere);
      for (auto item = json.first_child(); item; item = item->next_sibling()) {
        list.items().push_back(config_value_of(*item));
      }
      return list;
    }
    case JsonKind::object: {
      ConfigValue map = ConfigValue::map(nowhere);
      // Unique already, so that no search is needed.
      for (auto member = json.first_child(); member; member = member->next_sibling()) {
        map.entries().push_back({std::string(member->key()), nowhere, config_value_of(*member)});
      }
      return map;
    }
  }
  return ConfigValue::null(nowhere);
}

std::unexpected<Error> refuse_request(std::string message) {
  return refuse(ErrorCode::request_invalid, std::move(message));
}

boost::json::value json_of(const RetentionField& field, const std::vector<std::string>& texts) {
  switch (field.shape) {
    case FieldShape::word:
      return boost::json::value(texts.front());
    case FieldShape::number:
      return boost::json::value(std::stoull(texts.front()));
    case FieldShape::list:
      return boost::json::array(texts.begin(), texts.end());
  }
  return nullptr;
}

}  // namespace

std::vector<RetentionRule> read_retention_rules(const ConfigValue& list, std::string_view path, SettingReport& report) {
  if (list.is_empty()) return {};
  const std::string where(path);
  if (!list.is_list()) {
    report.error(list.position(), where, not_a(list, "a list"));
    return {};
  }
  if (list.items().size() > RetentionLimits::kRules) {
    report.error(list.position(), where, "has more than " + std::to_string(RetentionLimits::kRules) + " rules");
    return {};
  }
  const std::size_t errors_before = report.errors.size();
  std::vector<RetentionRule> rules;
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.items().size(); ++i) {
    const ConfigValue& element = list.items()[i];
    const std::string at = element_path(path, i);
    std::optional<RetentionRule> rule = RuleReader(at, report).read(element);
    if (!rule) continue;
    if (rule->name.empty()) rule->name = "rule-" + std::to_string(i + 1);
    if (!names.insert(rule->name).second) {
      report.error(element.position(), field_path(at, kName), "another rule is called " + rule->name);
    }
    rules.push_back(*std::move(rule));
  }
  if (report.errors.size() != errors_before) return {};
  return rules;
}

Result<std::vector<RetentionRule>> parse_retention_json(std::string_view json) {
  if (json.size() > RetentionLimits::kJsonBytes) {
    return refuse_request("more than " + std::to_string(RetentionLimits::kJsonBytes) + " bytes");
  }
  const Result<JsonDocument> document = JsonDocument::parse(json, kJsonLimits);
  if (!document) return refuse_request(document.error().message);
  const JsonValue root = document->root();
  const std::optional<JsonValue> rules = root.find("rules");
  if (!rules) return refuse_request("rules: missing");
  for (auto member = root.first_child(); member; member = member->next_sibling()) {
    if (member->key() != "rules") return refuse_request(printable(member->key()) + ": is not a key of a policy");
  }
  SettingReport report;
  std::vector<RetentionRule> read = read_retention_rules(config_value_of(*rules), "rules", report);
  if (report.errors.empty()) return read;
  const SettingProblem& first = report.errors.front();
  return refuse_request(first.path + ": " + first.reason);
}

std::string retention_json(const std::vector<RetentionRule>& rules) {
  boost::json::array list;
  for (const RetentionRule& rule : rules) {
    boost::json::object object{{kName, rule.name}, {kAction, to_string(rule.action)}};
    if (!rule.description.empty()) object[kDescription] = rule.description;
    for (const RetentionField& field : retention_fields()) {
      const std::vector<std::string> texts = field.write(rule);
      if (!texts.empty()) object[field.key] = json_of(field, texts);
    }
    list.push_back(std::move(object));
  }
  return boost::json::serialize(boost::json::object{{"rules", std::move(list)}});
}

}  // namespace berth
