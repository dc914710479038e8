// Blobs by digest.
#include <string>
#include <utility>

#include "api/answer_cache.h"
#include "api/content_fields.h"
#include "api/handlers.h"
#include "content/media_type.h"
#include "http/entity_tag.h"
#include "http/range.h"
#include "registry/registry.h"

namespace berth {

Task<Answer> get_blob(const ApiParts& api, Exchange& exchange) {
  const Result<Digest> digest = Digest::parse(exchange.parameter);
  if (!digest) co_return std::unexpected(digest.error());
  KeepAnswer keep{.marks = {api.changes.of_link(exchange.name(), *digest), api.changes.of_blob(*digest)}};
  Result<PulledBlob> blob =
      co_await api.registry.pull_blob.open(exchange.name(), *digest, api.answers.body_limit_bytes());
  if (!blob) co_return std::unexpected(std::move(blob.error()));
  keep.promise_fresh_until = api.registry.promises.fresh_until(blob->promised_until);
  exchange.keep = keep;
  const std::string tag = digest->to_string();
  if (http::is_not_modified(exchange.request.headers, tag)) co_return not_modified(*digest, kImmutable);
  http::Response response = http::ranged_response(
      exchange.request,
      {.bytes = std::move(blob->bytes), .content_type = std::string(media_type::kOctetStream), .entity_tag = tag});
  if (response.status == 416) co_return response;
  response.headers.add(std::string(kDigestField), tag);
  response.headers.add("Cache-Control", std::string(kImmutable));
  co_return response;
}

// Tells what GET would, from the metadata alone.
Task<Answer> head_blob(const ApiParts& api, Exchange& exchange) {
  const Result<Digest> digest = Digest::parse(exchange.parameter);
  if (!digest) co_return std::unexpected(digest.error());
  KeepAnswer keep{.marks = {api.changes.of_link(exchange.name(), *digest), api.changes.of_blob(*digest)},
                  .has_body = false};
  const Result<BlobLink> link = co_await api.registry.pull_blob.find(exchange.name(), *digest);
  if (!link) co_return std::unexpected(link.error());
  keep.promise_fresh_until = api.registry.promises.fresh_until(link->promised_until);
  exchange.keep = keep;
  const std::string tag = digest->to_string();
  if (http::is_not_modified(exchange.request.headers, tag)) co_return not_modified(*digest, kImmutable);
  http::Response response = http::Response::empty(200);
  response.head_length = link->size_bytes;
  response.headers.add("Content-Type", std::string(media_type::kOctetStream));
  response.headers.add("Accept-Ranges", "bytes");
  response.headers.add("ETag", http::quoted_tag(tag));
  response.headers.add(std::string(kDigestField), tag);
  response.headers.add("Cache-Control", std::string(kImmutable));
  co_return response;
}

Task<Answer> delete_blob(const ApiParts& api, Exchange& exchange) {
  const Result<Digest> digest = Digest::parse(exchange.parameter);
  if (!digest) co_return std::unexpected(digest.error());
  const Result<void> deleted = co_await api.registry.delete_content.delete_blob(exchange.name(), *digest);
  if (!deleted) co_return std::unexpected(deleted.error());
  co_return http::Response::empty(202);
}

}  // namespace berth
