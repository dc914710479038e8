#include "lifecycle/retention_rule_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "content/printable.h"
#include "lifecycle/retention_age.h"

namespace berth {
namespace {

using Refusal = std::optional<std::string>;
using Texts = std::vector<std::string>;

template <class E>
struct Word {
  std::string_view text;
  E value;
};

constexpr std::array<Word<RetentionAction>, 3> kActions{
    {{"keep", RetentionAction::keep}, {"delete", RetentionAction::remove}, {"protect", RetentionAction::protect}}};
constexpr std::array<Word<TagState>, 3> kStates{
    {{"any", TagState::any}, {"tagged", TagState::tagged}, {"untagged", TagState::untagged}}};
constexpr std::array<Word<TagMatch>, 2> kTagMatches{{{"any", TagMatch::any}, {"all", TagMatch::all}}};
constexpr std::array<Word<RetentionUnit>, 2> kUnits{
    {{"tag", RetentionUnit::tag}, {"manifest", RetentionUnit::manifest}}};
constexpr std::array<Word<RankOrder>, 3> kOrders{
    {{"push", RankOrder::push}, {"pull", RankOrder::pull}, {"semver", RankOrder::semver}}};
constexpr std::array<Word<RankScope>, 2> kScopes{
    {{"selection", RankScope::selection}, {"repository", RankScope::repository}}};

template <class T, class E, std::size_t N>
Refusal read_word(T& target, std::string_view text, const std::array<Word<E>, N>& words) {
  const auto found = std::ranges::find(words, text, &Word<E>::text);
  if (found != words.end()) {
    target = found->value;
    return std::nullopt;
  }
  std::string names;
  for (const Word<E>& word : words) names.append(names.empty() ? "" : ", ").append(word.text);
  return "\"" + printable(text) + "\" is not one of " + names;
}

template <class E, std::size_t N>
std::string word_of(E value, const std::array<Word<E>, N>& words) {
  return std::string(std::ranges::find(words, value, &Word<E>::value)->text);
}

/// For a parser that gives a value or a reason.
template <class T, class Parsed>
Refusal append(std::vector<T>& list, Parsed parsed) {
  if (!parsed) return std::move(parsed.error());
  if (list.size() >= RetentionLimits::kListItems) {
    return "has more than " + std::to_string(RetentionLimits::kListItems) + " elements";
  }
  list.push_back(*std::move(parsed));
  return std::nullopt;
}

template <class T>
Texts texts_of(const std::vector<T>& list) {
  Texts texts;
  for (const T& item : list) texts.push_back(item.text());
  return texts;
}

Refusal read_age(std::optional<std::chrono::seconds>& target, std::string_view text) {
  auto age = parse_age(text);
  if (!age) return std::move(age.error());
  target = *age;
  return std::nullopt;
}

Texts write_age(const std::optional<std::chrono::seconds>& age) {
  return age ? Texts{format_age(*age)} : Texts{};
}

Refusal read_count(std::optional<std::uint32_t>& target, std::string_view text) {
  std::uint32_t count = 0;
  const auto [stopped, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool is_number = fault == std::errc() && stopped == text.data() + text.size();
  if (!is_number || count < 1 || count > RetentionLimits::kRank) {
    return "\"" + printable(text) + "\" is not a number from 1 to " + std::to_string(RetentionLimits::kRank);
  }
  target = count;
  return std::nullopt;
}

Texts write_count(const std::optional<std::uint32_t>& count) {
  return count ? Texts{std::to_string(*count)} : Texts{};
}

/// Tags narrow what is tagged, so who names tags and says nothing else means tagged ones.
TagState default_state(const RetentionRule& rule) {
  return rule.tags.empty() && rule.except_tags.empty() ? TagState::any : TagState::tagged;
}

bool has_rank(const RetentionRule& rule) {
  return rule.newest || rule.beyond;
}

constexpr std::array<RetentionField, 17> kFields{{
    {"repositories", FieldShape::list,
     [](RetentionDraft& draft, std::string_view value) {
       return append(draft.rule.repositories, NamePattern::parse_repository(value));
     },
     [](const RetentionRule& rule) { return texts_of(rule.repositories); }},
    {"except_repositories", FieldShape::list,
     [](RetentionDraft& draft, std::string_view value) {
       return append(draft.rule.except_repositories, NamePattern::parse_repository(value));
     },
     [](const RetentionRule& rule) { return texts_of(rule.except_repositories); }},
    {"tags", FieldShape::list,
     [](RetentionDraft& draft, std::string_view value) {
       return append(draft.rule.tags, NamePattern::parse_tag(value));
     },
     [](const RetentionRule& rule) { return texts_of(rule.tags); }},
    {"tag_match", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_word(draft.tag_match, value, kTagMatches); },
     [](const RetentionRule& rule) {
       return rule.tag_match == TagMatch::any ? Texts{} : Texts{word_of(rule.tag_match, kTagMatches)};
     }},
    {"except_tags", FieldShape::list,
     [](RetentionDraft& draft, std::string_view value) {
       return append(draft.rule.except_tags, NamePattern::parse_tag(value));
     },
     [](const RetentionRule& rule) { return texts_of(rule.except_tags); }},
    {"state", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_word(draft.state, value, kStates); },
     [](const RetentionRule& rule) {
       return rule.state == default_state(rule) ? Texts{} : Texts{word_of(rule.state, kStates)};
     }},
    {"artifact_types", FieldShape::list,
     [](RetentionDraft& draft, std::string_view value) {
       return append(draft.rule.artifact_types, TypePattern::parse(value));
     },
     [](const RetentionRule& rule) { return texts_of(rule.artifact_types); }},
    {"unit", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_word(draft.rule.unit, value, kUnits); },
     [](const RetentionRule& rule) {
       return rule.unit == RetentionUnit::tag ? Texts{} : Texts{word_of(rule.unit, kUnits)};
     }},
    {"older_than", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_age(draft.rule.older_than, value); },
     [](const RetentionRule& rule) { return write_age(rule.older_than); }},
    {"pushed_within", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_age(draft.rule.pushed_within, value); },
     [](const RetentionRule& rule) { return write_age(rule.pushed_within); }},
    {"not_pulled_for", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_age(draft.rule.not_pulled_for, value); },
     [](const RetentionRule& rule) { return write_age(rule.not_pulled_for); }},
    {"pulled_within", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_age(draft.rule.pulled_within, value); },
     [](const RetentionRule& rule) { return write_age(rule.pulled_within); }},
    {"newest", FieldShape::number,
     [](RetentionDraft& draft, std::string_view value) { return read_count(draft.rule.newest, value); },
     [](const RetentionRule& rule) { return write_count(rule.newest); }},
    {"beyond", FieldShape::number,
     [](RetentionDraft& draft, std::string_view value) { return read_count(draft.rule.beyond, value); },
     [](const RetentionRule& rule) { return write_count(rule.beyond); }},
    {"rank_by", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_word(draft.rank_by, value, kOrders); },
     [](const RetentionRule& rule) {
       return has_rank(rule) && rule.rank_by != RankOrder::push ? Texts{word_of(rule.rank_by, kOrders)} : Texts{};
     }},
    {"rank_in", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) { return read_word(draft.rank_in, value, kScopes); },
     [](const RetentionRule& rule) {
       return has_rank(rule) && rule.rank_in != RankScope::selection ? Texts{word_of(rule.rank_in, kScopes)} : Texts{};
     }},
    {"chain", FieldShape::word,
     [](RetentionDraft& draft, std::string_view value) -> Refusal {
       if (!is_retention_name(value)) return "\"" + printable(value) + "\" is not a name (letters, digits, ., _ and -)";
       draft.rule.chain = value;
       return std::nullopt;
     },
     [](const RetentionRule& rule) { return rule.chain.empty() ? Texts{} : Texts{rule.chain}; }},
}};

/// `within` and `beyond_age` leave nothing between them.
bool is_nothing_between(const std::optional<std::chrono::seconds>& beyond_age,
                        const std::optional<std::chrono::seconds>& within) {
  return beyond_age && within && *beyond_age >= *within;
}

std::optional<RetentionFault> find_contradiction(const RetentionDraft& draft) {
  const RetentionRule& rule = draft.rule;
  const bool names_tags = !rule.tags.empty() || !rule.except_tags.empty();
  if (rule.state == TagState::untagged && names_tags) {
    return RetentionFault{"state", "what is untagged has no tags that a pattern could match"};
  }
  if (draft.tag_match && rule.tags.empty()) return RetentionFault{"tag_match", "needs tags"};
  if (rule.newest && rule.beyond) return RetentionFault{"beyond", "stands beside newest: one rule has one rank"};
  if (draft.rank_by && !has_rank(rule)) return RetentionFault{"rank_by", "needs newest or beyond"};
  if (draft.rank_in && !has_rank(rule)) return RetentionFault{"rank_in", "needs newest or beyond"};
  if (rule.rank_by == RankOrder::semver && rule.state == TagState::untagged) {
    return RetentionFault{"rank_by", "what is untagged has no version"};
  }
  if (is_nothing_between(rule.older_than, rule.pushed_within)) {
    return RetentionFault{"older_than", "nothing is older than that and pushed within pushed_within"};
  }
  if (is_nothing_between(rule.not_pulled_for, rule.pulled_within)) {
    return RetentionFault{"not_pulled_for", "nothing was not pulled for that long and pulled within pulled_within"};
  }
  // What a protect rule says must hold whatever stands before it.
  if (rule.action == RetentionAction::protect && !rule.chain.empty()) {
    return RetentionFault{"chain", "a protect rule belongs to no chain"};
  }
  const RetentionRule everything{.name = rule.name,
                                 .description = rule.description,
                                 .action = RetentionAction::remove,
                                 .unit = rule.unit,
                                 .chain = rule.chain};
  if (rule == everything) {
    return RetentionFault{"", "deletes everything; whoever means that says so with repositories: [\"**\"]"};
  }
  return std::nullopt;
}

}  // namespace

std::span<const RetentionField> retention_fields() {
  return kFields;
}

const RetentionField* find_retention_field(std::string_view key) {
  const auto found = std::ranges::find(kFields, key, &RetentionField::key);
  return found == kFields.end() ? nullptr : &*found;
}

std::optional<RetentionAction> parse_retention_action(std::string_view text) {
  const auto found = std::ranges::find(kActions, text, &Word<RetentionAction>::text);
  return found == kActions.end() ? std::nullopt : std::optional(found->value);
}

std::expected<RetentionRule, RetentionFault> finish_retention_rule(RetentionDraft draft) {
  RetentionRule& rule = draft.rule;
  rule.state = draft.state.value_or(default_state(rule));
  rule.tag_match = draft.tag_match.value_or(TagMatch::any);
  rule.rank_by = draft.rank_by.value_or(RankOrder::push);
  rule.rank_in = draft.rank_in.value_or(RankScope::selection);
  if (std::optional<RetentionFault> fault = find_contradiction(draft)) return std::unexpected(*std::move(fault));
  return std::move(rule);
}

}  // namespace berth
