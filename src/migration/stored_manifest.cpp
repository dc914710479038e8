#include "migration/stored_manifest.h"

#include <utility>

#include "registry/policy.h"
#include "registry/push_manifest.h"

namespace berth {
namespace {

bool is_old(const Error& error) {
  return error.message.find("schema1") != std::string::npos;
}

}  // namespace

Result<Manifest> parse_stored_manifest(std::string_view bytes, const ManifestLimits& limits) {
  Result<Manifest> as_it_says = Manifest::parse(bytes, {}, limits);
  if (as_it_says || is_old(as_it_says.error())) return as_it_says;
  for (const std::string_view type : {media_type::kOciManifest, media_type::kOciIndex}) {
    if (Result<Manifest> parsed = Manifest::parse(bytes, type, limits)) return parsed;
  }
  return as_it_says;
}

std::variant<StoredManifest, UnreadableManifest> read_stored_manifest(const Digest& digest, SharedBytes bytes,
                                                                      const ManifestLimits& limits) {
  if (digest_of(digest.algorithm(), bytes.view()) != digest) {
    return UnreadableManifest{ProblemKind::damaged_manifest, "its blob has other bytes than its digest says"};
  }
  Result<Manifest> parsed = parse_stored_manifest(bytes.view(), limits);
  if (!parsed) {
    const ProblemKind kind = is_old(parsed.error()) ? ProblemKind::old_manifest : ProblemKind::invalid_manifest;
    return UnreadableManifest{kind, parsed.error().message};
  }
  StoredManifest stored{.manifest = {.digest = digest,
                                     .media_type = parsed->media_type,
                                     .artifact_type = parsed->artifact_type,
                                     .subject = std::nullopt,
                                     .annotations = std::move(parsed->annotations),
                                     .bytes = std::move(bytes),
                                     // What of it has to be there was decided when it was pushed.
                                     .references = references_of(*parsed, {}),
                                     .pushed = {}},
                        .blobs = {}};
  if (parsed->subject) stored.manifest.subject = parsed->subject->digest;
  if (parsed->config) stored.blobs.push_back(*std::move(parsed->config));
  for (Descriptor& layer : parsed->layers) {
    if (layer.urls.empty()) stored.blobs.push_back(std::move(layer));
  }
  return stored;
}

}  // namespace berth
