// The repositories.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "api/api.h"
#include "api/handlers.h"
#include "api/json_text.h"
#include "api/location.h"
#include "api/page_query.h"

namespace berth {

namespace {

constexpr std::size_t kLeastBatch = 100;

/// The greatest text below `name` that no repository's name comes after: names have nothing beyond "z".
std::string just_before(std::string name) {
  name.back() = static_cast<char>(name.back() - 1);
  return name + '~';
}

// What the rules let the caller see, a batch at a time; ranges of names that he surely sees nothing of are left out.
Task<Page<RepositoryName>> read_visible(ListContent& lists, const Caller& caller, std::optional<std::string> last,
                                        std::size_t count) {
  Page<RepositoryName> page;
  std::string after = last.value_or("");
  for (;;) {
    const std::optional<std::string> next = caller.next_seen(after);
    if (!next) co_return page;
    if (*next != after) after = just_before(*next);
    const Page<RepositoryName> batch = co_await lists.repositories(after, std::max(count + 1, kLeastBatch));
    for (const RepositoryName& name : batch.entries) {
      if (!caller.may_see(name)) continue;
      page.has_more = page.entries.size() == count;
      if (page.has_more) co_return page;
      page.entries.push_back(name);
    }
    if (!batch.has_more || batch.entries.empty()) co_return page;
    after = batch.entries.back().text();
  }
}

}  // namespace

Task<Answer> get_catalog(const ApiParts& api, Exchange& exchange) {
  const Result<PageQuery> query = read_page_query(exchange.request.query);
  if (!query) co_return std::unexpected(query.error());
  const std::size_t most = api.options.catalog_entries;
  const std::size_t count = query->count.value_or(std::min(api.options.catalog_default, most));
  if (count > most) {
    co_return refuse(ErrorCode::page_number_invalid, fmt::format("n is at most {}", most), {std::to_string(count)});
  }
  ListContent& lists = api.registry.list_content;
  Page<RepositoryName> page;
  if (exchange.caller.sees_everything()) {
    // Kept for others who see everything; what is filtered is one caller's own.
    exchange.keep = KeepAnswer{.marks = {api.changes.of_catalog()}};
    if (count > 0) page = co_await lists.repositories(query->last, count);
  } else if (count > 0) {
    page = co_await read_visible(lists, exchange.caller, query->last, count);
  }
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
