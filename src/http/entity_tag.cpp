#include "http/entity_tag.h"

#include <algorithm>

namespace berth::http {
namespace {

constexpr std::string_view kSpace = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

EntityTagList EntityTagList::from(const Headers& headers, std::string_view name) {
  EntityTagList list;
  for (const std::string_view value : headers.find_all(name)) list.append(value);
  return list;
}

EntityTagList EntityTagList::parse(std::string_view text) {
  EntityTagList list;
  list.append(text);
  return list;
}

void EntityTagList::append(std::string_view text) {
  for (;;) {
    const std::size_t start = text.find_first_not_of(" \t,");
    if (start == std::string_view::npos) return;
    text.remove_prefix(start);
    const bool is_weak = text.starts_with("W/\"");
    if (is_weak) text.remove_prefix(2);
    if (text.front() == '"') {
      const std::size_t end = text.find('"', 1);
      if (end == std::string_view::npos) {
        is_malformed_ = true;
        return;
      }
      tags_.push_back({std::string(text.substr(1, end - 1)), is_weak});
      text.remove_prefix(end + 1);
      continue;
    }
    const std::size_t end = text.find(',');
    const std::string_view word = trimmed(text.substr(0, end));
    if (word == "*") {
      is_any_ = true;
    } else if (word.find('"') == std::string_view::npos) {
      tags_.push_back({std::string(word), false});
    } else {
      is_malformed_ = true;
      return;
    }
    if (end == std::string_view::npos) return;
    text.remove_prefix(end);
  }
}

bool EntityTagList::matches_strongly(std::string_view value) const {
  return is_any_ || std::ranges::any_of(tags_, [value](const Tag& tag) { return !tag.is_weak && tag.value == value; });
}

bool EntityTagList::matches_weakly(std::string_view value) const {
  return is_any_ || std::ranges::any_of(tags_, [value](const Tag& tag) { return tag.value == value; });
}

std::string quoted_tag(std::string_view value) {
  std::string quoted;
  quoted.reserve(value.size() + 2);
  quoted += '"';
  quoted += value;
  quoted += '"';
  return quoted;
}

bool is_not_modified(const Headers& headers, std::string_view value) {
  return EntityTagList::from(headers, "If-None-Match").matches_weakly(value);
}

bool if_range_holds(const Headers& headers, std::string_view value) {
  const auto field = headers.find("If-Range");
  if (!field) return true;
  return !value.empty() && trimmed(*field) == quoted_tag(value);
}

}  // namespace berth::http
