// page_query: the ?n= and ?last= that lists have in common, and the Link to the next page.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "http/request.h"

namespace berth {

struct PageQuery {
  std::optional<std::size_t> count;  ///< ?n=
  std::optional<std::string> last;   ///< ?last=, if not empty
};

/// page_number_invalid unless n is a whole number that is not negative. One too large to be true is the largest there
/// is.
Result<PageQuery> read_page_query(const http::Query& query);

/// `</v2/_catalog?last=a%2Fb&n=10>; rel="next"`; empty values are left out.
std::string next_link(std::string_view path,
                      std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);

}  // namespace berth
