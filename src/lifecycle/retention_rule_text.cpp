#include "lifecycle/retention_rule_text.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "content/printable.h"
#include "lifecycle/retention_rule_fields.h"

namespace berth {
namespace {

constexpr std::string_view kShape = "a rule reads: keep|delete|protect [FIELD VALUE]...";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::string> read_values(const RetentionField& field, std::string_view values, RetentionDraft& draft) {
  if (field.shape != FieldShape::list) return field.read(draft, values);
  for (const std::string_view value : split(values, ',')) {
    if (std::optional<std::string> reason = field.read(draft, value)) return reason;
  }
  return std::nullopt;
}

}  // namespace

std::expected<RetentionRule, std::string> parse_retention_rule(std::string_view text) {
  if (text.size() > RetentionLimits::kRuleTextBytes) {
    return std::unexpected("a rule has at most " + std::to_string(RetentionLimits::kRuleTextBytes) + " characters");
  }
  std::vector<std::string_view> words = split(text, ' ');
  std::erase(words, "");
  const std::optional<RetentionAction> action = words.empty() ? std::nullopt : parse_retention_action(words.front());
  if (!action) return std::unexpected(std::string(kShape));
  RetentionDraft draft;
  draft.rule.action = *action;
  std::vector<const RetentionField*> seen;
  for (std::size_t i = 1; i < words.size(); i += 2) {
    const RetentionField* const field = find_retention_field(words[i]);
    if (field == nullptr) return std::unexpected("\"" + printable(words[i]) + "\" is not a field of a rule");
    const std::string key(field->key);
    if (std::ranges::find(seen, field) != seen.end()) return std::unexpected(key + ": appears twice");
    if (i + 1 == words.size()) return std::unexpected(key + ": has no value");
    seen.push_back(field);
    if (std::optional<std::string> reason = read_values(*field, words[i + 1], draft)) {
      return std::unexpected(key + ": " + *reason);
    }
  }
  auto rule = finish_retention_rule(std::move(draft));
  if (rule) return *std::move(rule);
  const RetentionFault& fault = rule.error();
  return std::unexpected(fault.field.empty() ? fault.reason : fault.field + ": " + fault.reason);
}

}  // namespace berth
