// What a commit may do to one tag, shared by every store: the rule of RFC 9110 (13.1.1, 13.1.2), and protection.
#pragma once

#include <algorithm>
#include <optional>

#include "metadata/metadata_store.h"

namespace berth {

/// Whether `condition` lets a tag be changed that names `current` now (nothing: there is no such tag).
inline bool holds(const TagPrecondition& condition, const std::optional<Digest>& current) {
  const auto names_current = [&current](const std::vector<Digest>& digests) {
    return current && std::ranges::find(digests, *current) != digests.end();
  };
  if (condition.if_match_any && !current) return false;
  if (condition.if_none_match_any && current) return false;
  if (!condition.if_match.empty() && !names_current(condition.if_match)) return false;
  return !names_current(condition.if_none_match);
}

/// Whether a tag that names `current` now has to stay. A new one, or one that is put where it stands, is not touched.
inline bool has_to_stay(const TagGuard& protects, const Tag& tag, const std::optional<Digest>& current,
                        const std::optional<Digest>& then) {
  return protects && current && current != then && protects(tag);
}

}  // namespace berth
