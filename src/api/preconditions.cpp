#include "api/preconditions.h"

#include <cstddef>
#include <string_view>
#include <vector>

#include "content/digest.h"
#include "http/entity_tag.h"

namespace berth {

namespace {

// The strong tags that are digests. No other tag names a manifest, and digests have neither commas nor quotes inside.
std::vector<Digest> digests_of(const Headers& headers, std::string_view field_name) {
  std::vector<Digest> digests;
  for (const std::string_view field : headers.find_all(field_name)) {
    for (std::string_view rest = field; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      std::string_view tag = rest.substr(0, comma);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      while (!tag.empty() && (tag.front() == ' ' || tag.front() == '\t')) tag.remove_prefix(1);
      while (!tag.empty() && (tag.back() == ' ' || tag.back() == '\t')) tag.remove_suffix(1);
      if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
      if (const Result<Digest> digest = Digest::parse(tag)) digests.push_back(*digest);
    }
  }
  return digests;
}

}  // namespace

Result<TagPrecondition> read_tag_precondition(const Headers& headers) {
  TagPrecondition condition;
  const auto if_match = http::EntityTagList::from(headers, "If-Match");
  condition.if_match_any = if_match.is_any();
  if (!if_match.is_any()) condition.if_match = digests_of(headers, "If-Match");
  if (if_match.is_present() && !if_match.is_any() && condition.if_match.empty()) {
    return refuse(ErrorCode::precondition_failed, "If-Match names no digest");
  }
  const auto if_none_match = http::EntityTagList::from(headers, "If-None-Match");
  condition.if_none_match_any = if_none_match.is_any();
  if (!if_none_match.is_any()) condition.if_none_match = digests_of(headers, "If-None-Match");
  return condition;
}

}  // namespace berth
