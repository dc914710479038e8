// The tags of a repository.
#include <algorithm>
#include <cstring>
#include <memory>
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

std::string list_head(const RepositoryName& repository) {
  std::string json = R"({"name":)";
  append_json_string(json, repository.text());
  json += R"(,"tags":[)";
  return json;
}

void append_tags(std::string& json, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    if (json.back() != '[') json += ',';
    append_json_string(json, tag.text());
  }
}

constexpr std::string_view kListEnd = "]}\n";

/// A list of any length, read from the store page by page while it is sent.
class TagStream final : public ByteReader {
 public:
  /// `shown` is what the client calls it.
  TagStream(ListContent& lists, RepositoryName repository, const RepositoryName& shown, Page<Tag> first,
            std::size_t page_size)
      : lists_(lists), repository_(std::move(repository)), page_size_(page_size), text_(list_head(shown)) {
    append(first);
  }

  Task<std::size_t> read(std::span<std::byte> into) override {
    while (sent_ == text_.size()) {
      if (is_over_) co_return 0;
      text_.clear();
      sent_ = 0;
      const Result<Page<Tag>> page = co_await lists_.tags(repository_, last_, page_size_);
      // All that came after `last` may have been deleted meanwhile, and with it the repository.
      append(page ? *page : Page<Tag>{});
    }
    const std::size_t count = std::min(into.size(), text_.size() - sent_);
    std::memcpy(into.data(), text_.data() + sent_, count);
    sent_ += count;
    co_return count;
  }

 private:
  void append(const Page<Tag>& page) {
    for (const Tag& tag : page.entries) {
      if (has_entries_) text_ += ',';
      append_json_string(text_, tag.text());
      has_entries_ = true;
    }
    if (!page.entries.empty()) last_ = page.entries.back().text();
    is_over_ = !page.has_more || page.entries.empty();
    if (is_over_) text_ += kListEnd;
  }

  ListContent& lists_;
  const RepositoryName repository_;
  const std::size_t page_size_;
  std::string text_;
  std::size_t sent_ = 0;
  std::optional<std::string> last_;
  bool has_entries_ = false;
  bool is_over_ = false;
};

http::Response whole_list(const RepositoryName& repository, const Page<Tag>& page) {
  std::string json = list_head(repository);
  append_tags(json, page.entries);
  json += kListEnd;
  return http::Response::text(200, "application/json", std::move(json));
}

}  // namespace

Task<Answer> get_tags(const ApiParts& api, Exchange& exchange) {
  const Result<PageQuery> query = read_page_query(exchange.request.query);
  if (!query) co_return std::unexpected(query.error());
  ListContent& lists = api.registry.list_content;
  const RepositoryName& repository = exchange.name();
  const std::size_t limit = query->count ? std::min(*query->count, api.options.tag_entries) : api.options.tag_page;
  exchange.keep = KeepAnswer{.marks = {api.changes.of_tag_list(repository)}};
  Result<Page<Tag>> page = co_await lists.tags(repository, query->last, std::max<std::size_t>(limit, 1));
  if (!page) co_return std::unexpected(std::move(page.error()));
  if (limit == 0) co_return whole_list(exchange.asked_name(), {});
  if (!query->count && page->has_more) {
    http::Response response;
    response.headers.add("Content-Type", "application/json");
    response.body =
        std::make_unique<TagStream>(lists, repository, exchange.asked_name(), std::move(*page), api.options.tag_page);
    co_return response;
  }
  http::Response response = whole_list(exchange.asked_name(), *page);
  if (page->has_more) {
    const std::string path = api.locations.path("/v2/" + exchange.asked_name().text() + "/tags/list");
    response.headers.add(
        "Link", next_link(path, {{"last", page->entries.back().text()}, {"n", std::to_string(*query->count)}}));
  }
  co_return response;
}

}  // namespace berth
