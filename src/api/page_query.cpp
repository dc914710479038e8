#include "api/page_query.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include "api/json_text.h"
#include "content/printable.h"

namespace berth {

Result<PageQuery> read_page_query(const http::Query& query) {
  PageQuery page;
  if (const auto last = query.find("last"); last && !last->empty()) page.last = std::string(*last);
  const auto text = query.find("n");
  if (!text || text->empty()) return page;
  const bool is_digits = std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_digits) {
    return refuse(ErrorCode::page_number_invalid, "n is not a whole number", {printable(*text)});
  }
  std::size_t count = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), count);
  page.count = parsed.ec == std::errc::result_out_of_range ? std::numeric_limits<std::size_t>::max() : count;
  return page;
}

std::string next_link(std::string_view path,
                      std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
  std::string link = "<" + std::string(path);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    link += separator;
    link += name;
    link += '=';
    link += percent_encoded(value);
    separator = '&';
  }
  return link + ">; rel=\"next\"";
}

}  // namespace berth
