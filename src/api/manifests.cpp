// Manifests by tag or digest.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/accepted_types.h"
#include "api/content_fields.h"
#include "api/handlers.h"
#include "api/location.h"
#include "api/preconditions.h"
#include "api/request_body.h"
#include "content/media_type.h"
#include "content/reference.h"
#include "http/entity_tag.h"
#include "registry/registry.h"

namespace berth {

namespace {

// What is not a tag names no manifest: 404 for readers. What is not a digest is 400 for everybody.
Error refusal_of_reader(Error error) {
  if (error.code == ErrorCode::tag_invalid) error.code = ErrorCode::manifest_unknown;
  return error;
}

Result<std::vector<Tag>> read_tags(const http::Query& query, std::size_t limit) {
  std::vector<Tag> tags;
  for (const std::string_view text : query.find_all("tag")) {
    if (tags.size() == limit) {
      return refuse(ErrorCode::too_many_tags, fmt::format("at most {} tags in one push", limit));
    }
    Result<Tag> tag = Tag::parse(text);
    if (!tag) return std::unexpected(std::move(tag.error()));
    tags.push_back(std::move(*tag));
  }
  return tags;
}

/// The mark of a manifest, touched if the request is a pull. The answer of a HEAD may be given to a GET later.
std::shared_ptr<PullMark> note_pull(const ApiParts& api, const Exchange& exchange, const Digest& digest) {
  if (api.pulls == nullptr) return nullptr;
  std::shared_ptr<PullMark> mark = api.pulls->mark(exchange.name(), digest);
  if (mark && (!exchange.is_head() || api.pulls->counts_head())) mark->touch();
  return mark;
}

}  // namespace

Task<Answer> get_manifest(const ApiParts& api, Exchange& exchange) {
  const Result<Reference> reference = parse_reference(exchange.parameter);
  if (!reference) co_return std::unexpected(refusal_of_reader(reference.error()));
  const Tag* asked_tag = std::get_if<Tag>(&*reference);
  KeepAnswer keep;
  keep.marks[0] = asked_tag != nullptr ? api.changes.of_tag(exchange.name(), *asked_tag)
                                       : api.changes.of_manifest(exchange.name(), std::get<Digest>(*reference));
  PullManifest& pull = api.registry.pull_manifest;
  Task<Result<ManifestRecord>> look =
      exchange.is_head() ? pull.find(exchange.name(), *reference) : pull.get(exchange.name(), *reference);
  Result<ManifestRecord> found = co_await std::move(look);
  if (!found) co_return std::unexpected(std::move(found.error()));
  ManifestRecord record = std::move(*found);
  keep.pull = note_pull(api, exchange, record.digest);
  const bool is_by_digest = asked_tag == nullptr;
  keep.depends_on_accept = !is_by_digest && record.media_type == media_type::kDockerManifestList;
  keep.promise_fresh_until = api.registry.promises.fresh_until(record.promised_until);
  if (keep.depends_on_accept && wants_single_image(exchange.request.headers)) {
    record = co_await pull.choose_for_single_image_client(exchange.name(), std::move(record));
    note_pull(api, exchange, record.digest);
  } else {
    exchange.keep = keep;
  }
  const std::string tag = record.digest.to_string();
  const std::string_view cache = is_by_digest ? kImmutable : std::string_view();
  if (http::is_not_modified(exchange.request.headers, tag)) co_return not_modified(record.digest, cache);
  http::Response response;
  response.headers.add("Content-Type", std::move(record.media_type));
  response.headers.add(std::string(kDigestField), tag);
  response.headers.add("ETag", http::quoted_tag(tag));
  if (!cache.empty()) response.headers.add("Cache-Control", std::string(cache));
  response.body = http::BodyPieces{ByteSource(std::move(record.bytes))};
  co_return response;
}

Task<Answer> put_manifest(const ApiParts& api, Exchange& exchange) {
  // Everything that can be refused without the body comes before it is asked for (100 Continue).
  Result<Reference> reference = parse_reference(exchange.parameter);
  if (!reference) co_return std::unexpected(std::move(reference.error()));
  const RegistryLimits& limits = api.registry.policy.limits;
  Result<std::vector<Tag>> tags = read_tags(exchange.request.query, limits.tags_per_push);
  if (!tags) co_return std::unexpected(std::move(tags.error()));
  Result<TagPrecondition> precondition = read_tag_precondition(exchange.request.headers);
  if (!precondition) co_return std::unexpected(std::move(precondition.error()));
  Result<RequestBody> body = co_await read_manifest_body(exchange.request, limits.manifest_bytes, api.registry.buffers);
  if (!body) co_return std::unexpected(std::move(body.error()));

  const bool has_tag_queries = !tags->empty();
  PushManifestRequest request{
      .repository = exchange.name(),
      .reference = std::move(*reference),
      .more_tags = std::move(*tags),
      .content_type = without_parameters(exchange.request.headers.find("Content-Type").value_or("")),
      .bytes = std::move(body->bytes),
      .precondition = std::move(*precondition),
      .protects = exchange.caller.protected_tags(exchange.name()),
      .who = exchange.caller.name()};
  const Result<PushedManifest> pushed = co_await api.registry.push_manifest.push(std::move(request));
  if (!pushed) co_return std::unexpected(pushed.error());
  const std::string path = fmt::format("/v2/{}/manifests/{}", exchange.asked_name().text(), pushed->digest.to_string());
  http::Response response = created(api.locations.url(exchange.request, path), pushed->digest);
  if (pushed->subject) response.headers.add("OCI-Subject", pushed->subject->to_string());
  if (has_tag_queries) {
    for (const Tag& tag : pushed->tags) response.headers.add("OCI-Tag", tag.text());
  }
  co_return response;
}

Task<Answer> delete_manifest(const ApiParts& api, Exchange& exchange) {
  const Result<Reference> reference = parse_reference(exchange.parameter);
  if (!reference) co_return std::unexpected(refusal_of_reader(reference.error()));
  Result<TagPrecondition> precondition = read_tag_precondition(exchange.request.headers);
  if (!precondition) co_return std::unexpected(std::move(precondition.error()));
  Result<void> deleted;
  if (const Tag* tag = std::get_if<Tag>(&*reference)) {
    CommitLimits limits{.tags = std::move(*precondition), .protects = exchange.caller.protected_tags(exchange.name())};
    deleted = co_await api.registry.delete_content.delete_tag(exchange.name(), *tag, std::move(limits),
                                                              exchange.caller.name());
  } else {
    deleted = co_await api.registry.delete_content.delete_manifest(
        exchange.name(), std::get<Digest>(*reference), exchange.caller.name(),
        exchange.caller.undeletable_tags(exchange.name(), exchange.asked_name()));
  }
  if (!deleted) co_return std::unexpected(std::move(deleted.error()));
  co_return http::Response::empty(202);
}

}  // namespace berth
