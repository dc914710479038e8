// Page: a part of a list that is walked by key.
#pragma once

#include <vector>

namespace berth {

/// In bytewise order of its key. `has_more` tells whether another entry follows.
template <class T>
struct Page {
  std::vector<T> entries;
  bool has_more = false;
};

}  // namespace berth
