// Uploads: start or mount, chunks, status, end.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "api/content_fields.h"
#include "api/error_response.h"
#include "api/handlers.h"
#include "api/location.h"
#include "content/printable.h"
#include "http/range.h"
#include "registry/registry.h"

namespace berth {

namespace {

std::string blob_location(const ApiParts& api, const Exchange& exchange, const Digest& digest) {
  return api.locations.url(exchange.request,
                           fmt::format("/v2/{}/blobs/{}", exchange.asked_name().text(), digest.to_string()));
}

// The query is for clients that make the closing URL by appending "&digest=...": Distribution's locations always have
// one. It is never read.
std::string upload_location(const ApiParts& api, const Exchange& exchange, const UploadStatus& upload) {
  return api.locations.url(
      exchange.request, fmt::format("/v2/{}/blobs/uploads/{}?_state={}", exchange.asked_name().text(), upload.id.text(),
                                    upload.size_bytes));
}

void add_upload_fields(http::Response& response, const ApiParts& api, const Exchange& exchange,
                       const UploadStatus& upload) {
  // "0-0" also for nothing at all: Docker's client needs a range it can parse.
  const std::uint64_t last = upload.size_bytes > 0 ? upload.size_bytes - 1 : 0;
  response.headers.add("Location", upload_location(api, exchange, upload));
  response.headers.add("Range", fmt::format("0-{}", last));
  response.headers.add("Docker-Upload-UUID", upload.id.text());
}

// A refusal that leaves the upload as it is: where it stands goes with a 416, so that the client can go on from there.
Task<Answer> refuse_with_status(const ApiParts& api, Exchange& exchange, UploadId id, Error error) {
  const bool is_about_range = error.code == ErrorCode::upload_range_invalid || error.code == ErrorCode::upload_busy;
  if (!is_about_range) co_return std::unexpected(std::move(error));
  const Result<UploadStatus> upload = co_await api.registry.uploads.status(exchange.name(), id);
  if (!upload) co_return std::unexpected(upload.error());
  http::Response response = error_response(error);
  add_upload_fields(response, api, exchange, *upload);
  co_return response;
}

struct Chunk {
  std::optional<std::uint64_t> length_bytes;
  std::optional<std::uint64_t> offset;
};

// Content-Range is what the specification calls `<range>`: "0-99", where the chunk belongs.
Result<Chunk> read_chunk(const http::Request& request) {
  Chunk chunk{.length_bytes = request.content_length, .offset = {}};
  const auto field = request.headers.find("Content-Range");
  if (!field) return chunk;
  const std::optional<http::ChunkRange> range = http::parse_chunk_range(*field);
  if (!range) {
    return refuse(ErrorCode::upload_range_invalid, fmt::format("Content-Range \"{}\"", printable(*field)));
  }
  chunk.offset = range->first;
  if (!chunk.length_bytes) {
    chunk.length_bytes = range->length();
  } else if (*chunk.length_bytes != range->length()) {
    return refuse(ErrorCode::size_invalid, fmt::format("Content-Range \"{}\" and Content-Length {} differ",
                                                       printable(*field), *chunk.length_bytes));
  }
  return chunk;
}

Result<Digest> read_digest(const http::Query& query) {
  const auto text = query.find("digest");
  if (!text || text->empty()) return refuse(ErrorCode::digest_invalid, "digest missing");
  return Digest::parse(*text);
}

/// Malformed is like absent, and so is what the caller may not read: the client uploads what cannot be mounted. Without
/// a source any repository would do, and only who may read them all may be told that one has the blob; for others it is
/// looked for where it would go to.
std::optional<MountRequest> read_mount(const ApiParts& api, const Exchange& exchange) {
  const http::Query& query = exchange.request.query;
  const Caller& caller = exchange.caller;
  const auto mount = query.find("mount");
  if (!mount) return std::nullopt;
  const Result<Digest> digest = Digest::parse(*mount);
  if (!digest) return std::nullopt;
  const auto from = query.find("from");
  if (!from || from->empty()) {
    const bool is_limited = !caller.sees_everything() || caller.identity().limit;
    if (!is_limited) return MountRequest{.digest = *digest, .from = {}};
    if (!caller.may(AccessAction::pull, exchange.name().text(), exchange.asked_name().text())) return std::nullopt;
    return MountRequest{.digest = *digest, .from = exchange.name()};
  }
  const Result<RepositoryName> asked = RepositoryName::parse(*from);
  if (!asked) return std::nullopt;
  RepositoryName source = real_name(api, *asked);
  if (!caller.may(AccessAction::pull, source.text(), asked->text())) return std::nullopt;
  return MountRequest{.digest = *digest, .from = std::move(source)};
}

Result<HashAlgorithm> read_algorithm(const http::Query& query, const std::optional<MountRequest>& mount) {
  const auto name = query.find("digest-algorithm");
  if (!name || name->empty()) return mount ? mount->digest.algorithm() : HashAlgorithm::sha256;
  const std::optional<HashAlgorithm> algorithm = find_hash_algorithm(*name);
  if (!algorithm) {
    return refuse(ErrorCode::digest_invalid, fmt::format("unsupported digest-algorithm \"{}\"", printable(*name)));
  }
  return *algorithm;
}

Task<Answer> push_in_one(const ApiParts& api, Exchange& exchange) {
  const Result<Digest> expected = read_digest(exchange.request.query);
  if (!expected) co_return std::unexpected(expected.error());
  const Result<Chunk> chunk = read_chunk(exchange.request);
  if (!chunk) co_return std::unexpected(chunk.error());
  UploadBody body{.reader = *exchange.request.body, .length_bytes = chunk->length_bytes, .offset = chunk->offset};
  const Result<Digest> pushed = co_await api.registry.upload_blob.push(exchange.name(), *expected, body);
  if (!pushed) co_return std::unexpected(pushed.error());
  co_return created(blob_location(api, exchange, *pushed), *pushed);
}

}  // namespace

Task<Answer> post_upload(const ApiParts& api, Exchange& exchange) {
  const http::Query& query = exchange.request.query;
  const std::optional<MountRequest> mount = read_mount(api, exchange);
  if (mount) {
    const Result<std::optional<BlobLink>> mounted = co_await api.registry.start_upload.mount(exchange.name(), *mount);
    if (!mounted) co_return std::unexpected(mounted.error());
    if (const std::optional<BlobLink>& link = *mounted) {
      co_return created(blob_location(api, exchange, link->digest), link->digest);
    }
  }
  if (query.find("digest")) {
    Answer pushed = co_await push_in_one(api, exchange);
    co_return pushed;
  }
  const Result<HashAlgorithm> algorithm = read_algorithm(query, mount);
  if (!algorithm) co_return std::unexpected(algorithm.error());
  const Result<UploadStatus> upload = co_await api.registry.start_upload.start(exchange.name(), *algorithm);
  if (!upload) co_return std::unexpected(upload.error());
  http::Response response = http::Response::empty(202);
  add_upload_fields(response, api, exchange, *upload);
  co_return response;
}

Task<Answer> get_upload(const ApiParts& api, Exchange& exchange) {
  const Result<UploadId> id = UploadId::parse(exchange.parameter);
  if (!id) co_return std::unexpected(id.error());
  const Result<UploadStatus> upload = co_await api.registry.uploads.status(exchange.name(), *id);
  if (!upload) co_return std::unexpected(upload.error());
  http::Response response = http::Response::empty(204);
  add_upload_fields(response, api, exchange, *upload);
  co_return response;
}

Task<Answer> patch_upload(const ApiParts& api, Exchange& exchange) {
  const Result<UploadId> id = UploadId::parse(exchange.parameter);
  if (!id) co_return std::unexpected(id.error());
  Result<Chunk> chunk = read_chunk(exchange.request);
  if (!chunk) {
    Answer refused = co_await refuse_with_status(api, exchange, *id, std::move(chunk.error()));
    co_return refused;
  }
  const UploadBody body{.reader = *exchange.request.body, .length_bytes = chunk->length_bytes, .offset = chunk->offset};
  Result<UploadStatus> upload = co_await api.registry.upload_blob.append(exchange.name(), *id, body);
  if (!upload) {
    Answer refused = co_await refuse_with_status(api, exchange, *id, std::move(upload.error()));
    co_return refused;
  }
  http::Response response = http::Response::empty(202);
  add_upload_fields(response, api, exchange, *upload);
  co_return response;
}

Task<Answer> put_upload(const ApiParts& api, Exchange& exchange) {
  const Result<UploadId> id = UploadId::parse(exchange.parameter);
  if (!id) co_return std::unexpected(id.error());
  const Result<Digest> expected = read_digest(exchange.request.query);
  if (!expected) co_return std::unexpected(expected.error());
  Result<Chunk> chunk = read_chunk(exchange.request);
  if (!chunk) {
    Answer refused = co_await refuse_with_status(api, exchange, *id, std::move(chunk.error()));
    co_return refused;
  }
  const UploadBody body{.reader = *exchange.request.body, .length_bytes = chunk->length_bytes, .offset = chunk->offset};
  Result<Digest> pushed = co_await api.registry.upload_blob.finish(exchange.name(), *id, *expected, body);
  if (!pushed) {
    Answer refused = co_await refuse_with_status(api, exchange, *id, std::move(pushed.error()));
    co_return refused;
  }
  co_return created(blob_location(api, exchange, *pushed), *pushed);
}

Task<Answer> delete_upload(const ApiParts& api, Exchange& exchange) {
  const Result<UploadId> id = UploadId::parse(exchange.parameter);
  if (!id) co_return std::unexpected(id.error());
  Result<void> cancelled = co_await api.registry.uploads.cancel(exchange.name(), *id);
  if (!cancelled) {
    Answer refused = co_await refuse_with_status(api, exchange, *id, std::move(cancelled.error()));
    co_return refused;
  }
  http::Response response = http::Response::empty(204);
  response.headers.add("Docker-Upload-UUID", id->text());
  co_return response;
}

}  // namespace berth
