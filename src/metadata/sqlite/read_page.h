// read_page: the rows of a keyset query as a page.
#pragma once

#include <cstddef>

#include "metadata/page.h"
#include "metadata/sqlite/connection.h"

namespace berth::sqlite {

/// `query` was limited to one row more than `limit` (limit_and_one), which tells whether others follow.
template <class T, class ReadRow>
Page<T> read_page(Query query, std::size_t limit, ReadRow read_row) {
  Page<T> page;
  while (query.step()) {
    if (page.entries.size() == limit) {
      page.has_more = true;
      break;
    }
    page.entries.push_back(read_row(query));
  }
  return page;
}

}  // namespace berth::sqlite
