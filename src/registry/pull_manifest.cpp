#include "registry/pull_manifest.h"

#include <fmt/format.h>

#include <utility>

#include "content/manifest.h"

namespace berth {

namespace {

std::unexpected<Error> unknown(const RepositoryName& repository, const Reference& reference) {
  if (const Tag* tag = std::get_if<Tag>(&reference)) {
    return refuse(ErrorCode::manifest_unknown, "manifest unknown", {fmt::format("unknown tag={}", tag->text())});
  }
  return refuse(ErrorCode::manifest_unknown, "manifest unknown",
                {fmt::format("unknown manifest name={} revision={}", repository.text(),
                             std::get<Digest>(reference).to_string())});
}

}  // namespace

PullManifest::PullManifest(MetadataStore& metadata, PromiseBook& promises) : metadata_(metadata), promises_(promises) {}

Task<Result<ManifestRecord>> PullManifest::get(RepositoryName repository, Reference reference) {
  std::optional<ManifestRecord> record;
  if (const Tag* tag = std::get_if<Tag>(&reference)) {
    record = co_await metadata_.find_tagged_manifest(repository, *tag);
  } else {
    record = co_await metadata_.find_manifest(repository, std::get<Digest>(reference));
  }
  if (!record) co_return unknown(repository, reference);
  co_return std::move(*record);
}

Task<Result<ManifestRecord>> PullManifest::find(RepositoryName repository, Reference reference) {
  Result<ManifestRecord> record = co_await get(repository, reference);
  if (!record) co_return record;
  const std::optional<WallTime> promised_until =
      co_await promises_.keep_manifest(repository, record->digest, record->promised_until);
  if (!promised_until) co_return unknown(repository, reference);
  record->promised_until = *promised_until;
  co_return record;
}

Task<ManifestRecord> PullManifest::choose_for_single_image_client(RepositoryName repository, ManifestRecord record) {
  if (record.media_type != media_type::kDockerManifestList) co_return record;
  const Result<Manifest> list = Manifest::parse(record.bytes.view(), record.media_type);
  if (!list) co_return record;  // stored under looser limits than today's
  const std::optional<Digest> child = find_platform_child(*list, "linux", "amd64");
  if (!child) co_return record;
  std::optional<ManifestRecord> found = co_await metadata_.find_manifest(repository, *child);
  co_return found ? std::move(*found) : std::move(record);
}

}  // namespace berth
