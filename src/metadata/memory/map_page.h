// What the families of the MemoryAccountStore share.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "metadata/account_store.h"
#include "metadata/page.h"

namespace berth {

/// The entries after `after`, as `record_of(entry)` gives them; nothing for those that are left out.
template <class T, class Value, class RecordOf>
Page<T> map_page(const std::map<std::string, Value>& map, const std::optional<std::string>& after, std::size_t limit,
                 RecordOf record_of) {
  Page<T> page;
  for (auto next = after ? map.upper_bound(*after) : map.begin(); next != map.end(); ++next) {
    const std::optional<T> record = record_of(*next);
    if (!record) continue;
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    page.entries.push_back(*record);
  }
  return page;
}

inline void note_use(std::optional<WallTime>& last, WallTime now) {
  if (!last || *last <= now - kUseResolution) last = now;
}

}  // namespace berth
