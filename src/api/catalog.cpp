// The repositories.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "api/api.h"
#include "api/handlers.h"
#include "api/json_text.h"
#include "api/location.h"
#include "api/page_query.h"

namespace berth {

Task<Answer> get_catalog(const ApiParts& api, Exchange& exchange) {
  const Result<PageQuery> query = read_page_query(exchange.request.query);
  if (!query) co_return std::unexpected(query.error());
  const std::size_t most = api.options.catalog_entries;
  const std::size_t count = query->count.value_or(std::min(api.options.catalog_default, most));
  if (count > most) {
    co_return refuse(ErrorCode::page_number_invalid, fmt::format("n is at most {}", most), {std::to_string(count)});
  }
  exchange.keep = KeepAnswer{.marks = {api.changes.of_catalog()}};
  Page<RepositoryName> page;
  if (count > 0) page = co_await api.registry.list_content.repositories(query->last, count);
  std::string json = R"({"repositories":[)";
  for (const RepositoryName& repository : page.entries) {
    if (json.back() != '[') json += ',';
    append_json_string(json, repository.text());
  }
  json += "]}\n";
  http::Response response = http::Response::text(200, "application/json", std::move(json));
  if (page.has_more) {
    response.headers.add("Link", next_link(api.locations.path("/v2/_catalog"),
                                           {{"last", page.entries.back().text()}, {"n", std::to_string(count)}}));
  }
  co_return response;
}

}  // namespace berth
