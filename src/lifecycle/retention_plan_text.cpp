#include "lifecycle/retention_plan_text.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "base/byte_count.h"
#include "base/rfc3339.h"

namespace berth {
namespace {

constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

constexpr std::size_t kShortHexCharacters = 12;  // as docker images shows them

bool is_shown(const RetentionEntry& entry, PlanLines lines) {
  return lines == PlanLines::all || entry.decision == RetentionAction::remove || entry.overruled;
}

std::string_view rule_name(const RetentionPlan& plan, const RetentionEntry& entry) {
  return entry.rule ? std::string_view(plan.rules[*entry.rule].name) : std::string_view("-");
}

void append_row(std::string& table, const Row& row, const std::array<std::size_t, kColumns>& widths) {
  for (std::size_t column = 0; column + 1 < kColumns; ++column) {
    table += row.at(column);
    table.append(widths.at(column) - row.at(column).size() + 2, ' ');
  }
  table += row.back();
  table += '\n';
}

std::string totals_line(const RetentionTotals& totals) {
  return "delete " + std::to_string(totals.deleted_tags) + " tags and " + std::to_string(totals.deleted_manifests) +
         " untagged manifests, keep " + std::to_string(totals.kept) + ", protect " +
         std::to_string(totals.protected_entries) + "; releases " + format_byte_count(totals.released_bytes);
}

/// What happens to whom, to compare plans by.
using Index = std::map<std::string, const RetentionEntry*>;

Index index_of(const RetentionPlan& plan) {
  Index index;
  for (const RetentionEntry& entry : plan.entries) index.emplace(name_of(entry), &entry);
  return index;
}

bool is_same_deletion(const RetentionEntry& a, const RetentionEntry& b) {
  return a.decision == b.decision && a.fact.digest == b.fact.digest && a.fact.pushed == b.fact.pushed &&
         a.rule == b.rule;
}

/// Why what was to be deleted is not to be any more.
std::string change_of(const RetentionPlan& made_again, const RetentionEntry& shown, const RetentionEntry* now) {
  const std::string name = name_of(shown);
  if (now == nullptr) return name + " is gone";
  if (now->fact.digest != shown.fact.digest) return name + " names " + now->fact.digest.to_string() + " now";
  if (now->decision != RetentionAction::remove) return name + " stays now: " + why(made_again, *now);
  if (now->fact.pushed != shown.fact.pushed) return name + " was pushed again";
  return name + " would be deleted by another rule";
}

}  // namespace

std::string plan_table(const RetentionPlan& plan, PlanLines lines) {
  std::vector<Row> rows{{"ACTION", "REPOSITORY", "TAG", "DIGEST", "RULE", "WHY"}};
  for (const RetentionEntry& entry : plan.entries) {
    if (!is_shown(entry, lines)) continue;
    rows.push_back(
        {std::string(to_string(entry.decision)), entry.repository.text(), entry.fact.tag ? entry.fact.tag->text() : "-",
         std::string(entry.fact.digest.algorithm_name()) + ":" + entry.fact.digest.hex().substr(0, kShortHexCharacters),
         std::string(rule_name(plan, entry)), why(plan, entry)});
  }
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      widths.at(column) = std::max(widths.at(column), row.at(column).size());
    }
  }
  std::string table;
  for (const Row& row : rows) append_row(table, row, widths);
  return table + totals_line(plan.totals) + "\nplan " + plan.id + "\n";
}

std::string plan_json(const RetentionPlan& plan, PlanLines lines) {
  boost::json::array rules;
  for (const RetentionRule& rule : plan.rules) {
    rules.push_back(boost::json::object{{"name", rule.name}, {"text", rule.text()}});
  }
  boost::json::array entries;
  for (const RetentionEntry& entry : plan.entries) {
    if (!is_shown(entry, lines)) continue;
    boost::json::object object{{"repository", entry.repository.text()},
                               {"tag", nullptr},
                               {"digest", entry.fact.digest.to_string()},
                               {"decision", to_string(entry.decision)},
                               {"rule", nullptr},
                               {"why", why(plan, entry)},
                               {"overruled", nullptr},
                               {"pushed", to_rfc3339(entry.fact.pushed)},
                               {"size", entry.fact.size_bytes}};
    if (entry.fact.tag) object["tag"] = entry.fact.tag->text();
    if (entry.rule) object["rule"] = plan.rules[*entry.rule].name;
    if (entry.overruled) object["overruled"] = plan.rules[*entry.overruled].name;
    entries.push_back(std::move(object));
  }
  const RetentionTotals& totals = plan.totals;
  return boost::json::serialize(boost::json::object{{"id", plan.id},
                                                    {"now", to_rfc3339(plan.now)},
                                                    {"totals",
                                                     {{"deleted_tags", totals.deleted_tags},
                                                      {"deleted_manifests", totals.deleted_manifests},
                                                      {"kept", totals.kept},
                                                      {"protected", totals.protected_entries},
                                                      {"released_bytes", totals.released_bytes}}},
                                                    {"rules", std::move(rules)},
                                                    {"entries", std::move(entries)}});
}

std::string plan_diff(const RetentionPlan& plan) {
  std::string diff;
  for (const RetentionEntry& entry : plan.entries) {
    if (!is_shown(entry, PlanLines::notable)) continue;
    const bool is_deleted = entry.decision == RetentionAction::remove;
    diff += is_deleted ? "- " : "  ";
    diff += name_of(entry);
    // An untagged manifest's name has the digest already.
    if (entry.fact.tag) diff += " " + entry.fact.digest.to_string();
    diff += "  ";
    diff += is_deleted ? std::string(rule_name(plan, entry)) : why(plan, entry);
    diff += '\n';
  }
  return diff;
}

std::string plan_text(const RetentionPlan& plan, PlanForm form, PlanLines lines) {
  switch (form) {
    case PlanForm::table:
      return plan_table(plan, lines);
    case PlanForm::json:
      return plan_json(plan, lines);
    case PlanForm::diff:
      return plan_diff(plan);
  }
  return {};
}

std::vector<std::string> changes_between(const RetentionPlan& shown, const RetentionPlan& made_again,
                                         std::size_t limit) {
  std::vector<std::string> changes;
  if (shown.id == made_again.id) return changes;
  if (shown.rules != made_again.rules) return {"the rules are others"};
  const Index before = index_of(shown);
  const Index after = index_of(made_again);
  for (const auto& [name, entry] : before) {
    if (changes.size() == limit) return changes;
    if (entry->decision != RetentionAction::remove) continue;
    const auto found = after.find(name);
    const RetentionEntry* const now = found == after.end() ? nullptr : found->second;
    if (now == nullptr || !is_same_deletion(*entry, *now)) changes.push_back(change_of(made_again, *entry, now));
  }
  for (const auto& [name, entry] : after) {
    if (changes.size() == limit) return changes;
    if (entry->decision != RetentionAction::remove) continue;
    const auto found = before.find(name);
    if (found == before.end() || found->second->decision != RetentionAction::remove) {
      changes.push_back(name + " would be deleted, too");
    }
  }
  // What a manifest is was read otherwise.
  if (changes.empty()) changes.emplace_back("the types of what would be deleted are others");
  return changes;
}

}  // namespace berth
