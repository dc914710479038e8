#include "auth/access_rule_text.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace berth {
namespace {

constexpr std::size_t kLongestRule = 4096;
constexpr std::string_view kShape = "a rule reads: allow|deny ACTIONS to WHOM [on REPOSITORIES] [tags TAGS]";

/// The words of a line, one at a time.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  /// Empty at the end.
  std::string_view next() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }

 private:
  std::string_view rest_;
};

/// Calls `take` with each part between commas until it gives a reason.
template <class Take>
std::optional<std::string> for_each_part(std::string_view list, Take take) {
  for (;;) {
    const std::size_t comma = list.find(',');
    if (std::optional<std::string> reason = take(list.substr(0, comma))) return reason;
    if (comma == std::string_view::npos) return std::nullopt;
    list.remove_prefix(comma + 1);
  }
}

/// The same for a parser that gives a value or a reason.
template <class T, class Parse>
std::optional<std::string> read_parts(std::string_view list, std::vector<T>& into, Parse parse) {
  return for_each_part(list, [&](std::string_view part) -> std::optional<std::string> {
    auto value = parse(part);
    if (!value) return std::move(value.error());
    into.push_back(*std::move(value));
    return std::nullopt;
  });
}

std::optional<std::string> read_actions(std::string_view list, ActionSet& actions) {
  return for_each_part(list, [&](std::string_view part) -> std::optional<std::string> {
    const std::optional<AccessAction> action = parse_access_action(part);
    if (!action) return "\"" + std::string(part) + "\" is not an action (pull, push, delete, catalog, admin)";
    actions.add(*action);
    return std::nullopt;
  });
}

std::optional<std::string> find_contradiction(const AccessRule& rule) {
  const bool is_of_registry = rule.actions.has(AccessAction::catalog) || rule.actions.has(AccessAction::admin);
  const bool has_pattern =
      std::ranges::any_of(rule.repositories, [](const NamePattern& pattern) { return !pattern.is_everything(); });
  if (is_of_registry && has_pattern) {
    return "catalog and admin are of the registry as a whole: a rule about them names no repositories";
  }
  if (!rule.tags.empty() && !rule.actions.has(AccessAction::push) && !rule.actions.has(AccessAction::remove)) {
    return "tags narrow only push and delete";
  }
  return std::nullopt;
}

/// Reads the rest of the line into `rule`, or gives the reason why it cannot.
std::optional<std::string> read_rule(Words words, AccessRule& rule) {
  const std::string_view effect = words.next();
  if (effect != "allow" && effect != "deny") return std::string(kShape);
  rule.effect = effect == "allow" ? RuleEffect::allow : RuleEffect::deny;
  if (auto reason = read_actions(words.next(), rule.actions)) return reason;
  if (words.next() != "to") return std::string(kShape);
  if (auto reason = read_parts(words.next(), rule.subjects, AccessSubject::parse)) return reason;
  std::string_view word = words.next();
  if (word == "on") {
    if (auto reason = read_parts(words.next(), rule.repositories, NamePattern::parse_repository)) return reason;
    word = words.next();
  }
  if (word == "tags") {
    if (auto reason = read_parts(words.next(), rule.tags, NamePattern::parse_tag)) return reason;
    word = words.next();
  }
  if (!word.empty()) return std::string(kShape);
  return find_contradiction(rule);
}

}  // namespace

std::expected<AccessRule, std::string> parse_access_rule(std::string_view text) {
  if (text.size() > kLongestRule)
    return std::unexpected("a rule has at most " + std::to_string(kLongestRule) + " characters");
  AccessRule rule;
  if (std::optional<std::string> reason = read_rule(Words(text), rule)) return std::unexpected(*std::move(reason));
  return rule;
}

}  // namespace berth
