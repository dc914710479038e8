// The manifests whose subject is a digest, as an image index (distribution-spec, Listing Referrers).
#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "api/api.h"
#include "api/handlers.h"
#include "api/json_text.h"
#include "api/location.h"
#include "api/page_query.h"
#include "content/media_type.h"

namespace berth {

namespace {

// Annotations make a record anything up to a manifest's size: few at a time first, more while they turn out small.
constexpr std::size_t kFirstBatch = 8;
constexpr std::size_t kLargestBatch = 256;

std::string descriptor_json(const ReferrerRecord& referrer) {
  std::string json = R"({"mediaType":)";
  append_json_string(json, referrer.media_type);
  json += R"(,"digest":)";
  append_json_string(json, referrer.digest.to_string());
  json += R"(,"size":)" + std::to_string(referrer.size_bytes);
  if (!referrer.artifact_type.empty()) {
    json += R"(,"artifactType":)";
    append_json_string(json, referrer.artifact_type);
  }
  if (!referrer.annotations.empty()) {
    json += R"(,"annotations":{)";
    for (const auto& [name, value] : referrer.annotations) {
      if (json.back() != '{') json += ',';
      append_json_string(json, name);
      json += ':';
      append_json_string(json, value);
    }
    json += '}';
  }
  return json + '}';
}

struct ReferrersQuery {
  Digest subject;
  std::optional<std::string> artifact_type;
  std::optional<Digest> after;
  std::size_t most;
};

struct ReferrersPage {
  std::string json;
  std::optional<Digest> last;  ///< set if more follows
};

// Fills a page up to its size in bytes. At least one descriptor gets in, however large.
Task<ReferrersPage> read_page(const ApiParts& api, const RepositoryName& repository, ReferrersQuery query) {
  std::string json = R"({"schemaVersion":2,"mediaType":")" + std::string(media_type::kOciIndex) + R"(","manifests":[)";
  const std::size_t head_bytes = json.size();
  std::optional<Digest> last = query.after;
  std::size_t batch = kFirstBatch;
  std::size_t count = 0;
  bool has_more = true;
  while (has_more && count < query.most) {
    const std::size_t wanted = std::min(batch, query.most - count);
    const Page<ReferrerRecord> page =
        co_await api.registry.list_content.referrers(repository, query.subject, query.artifact_type, last, wanted);
    has_more = page.has_more;
    for (const ReferrerRecord& referrer : page.entries) {
      const std::string descriptor = descriptor_json(referrer);
      if (count > 0 && json.size() + descriptor.size() + 4 > api.options.referrers_bytes) {
        co_return ReferrersPage{.json = json + "]}", .last = last};
      }
      if (json.size() > head_bytes) json += ',';
      json += descriptor;
      last = referrer.digest;
      ++count;
    }
    batch = std::min(batch * 2, kLargestBatch);
  }
  co_return ReferrersPage{.json = json + "]}", .last = has_more ? last : std::nullopt};
}

}  // namespace

Task<Answer> get_referrers(const ApiParts& api, Exchange& exchange) {
  const Result<Digest> subject = Digest::parse(exchange.parameter);
  if (!subject) co_return std::unexpected(subject.error());
  const Result<PageQuery> page = read_page_query(exchange.request.query);
  if (!page) co_return std::unexpected(page.error());
  ReferrersQuery query{.subject = *subject,
                       .artifact_type = {},
                       .after = {},
                       .most = page->count.value_or(std::numeric_limits<std::size_t>::max())};
  if (const auto type = exchange.request.query.find("artifactType"); type && !type->empty()) {
    // "+" of "application/spdx+json" that the client did not escape came in as a space, which no media type has.
    query.artifact_type = std::string(*type);
    std::ranges::replace(*query.artifact_type, ' ', '+');
  }
  if (page->last) {
    const Result<Digest> after = Digest::parse(*page->last);
    if (!after) co_return std::unexpected(after.error());
    query.after = *after;
  }
  const ReferrersPage result = co_await read_page(api, exchange.name(), query);
  http::Response response = http::Response::text(200, std::string(media_type::kOciIndex), result.json);
  if (query.artifact_type) response.headers.add("OCI-Filters-Applied", "artifactType");
  if (result.last && query.most > 0) {
    const std::string path =
        api.locations.path("/v2/" + exchange.asked_name().text() + "/referrers/" + subject->to_string());
    response.headers.add("Link", next_link(path, {{"artifactType", query.artifact_type.value_or("")},
                                                  {"last", result.last->to_string()},
                                                  {"n", page->count ? std::to_string(*page->count) : ""}}));
  }
  co_return response;
}

}  // namespace berth
