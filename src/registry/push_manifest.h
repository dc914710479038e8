// PushManifest: checks a manifest and stores it with its tags, in one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "content/manifest.h"
#include "content/reference.h"
#include "metadata/metadata_store.h"
#include "registry/policy.h"
#include "registry/space_guard.h"
#include "registry/url_policy.h"

namespace berth {

struct PushManifestRequest {
  RepositoryName repository;
  Reference reference;         ///< a tag is set; a digest is checked, in its own algorithm
  std::vector<Tag> more_tags;  ///< ?tag=
  std::string content_type;    ///< without parameters; empty: the body's mediaType decides
  std::string bytes;
  TagPrecondition precondition = {};
  TagGuard protects = {};
  std::string who = {};
};

struct PushedManifest {
  Digest digest;
  std::optional<Digest> subject;
  std::vector<Tag> tags;  ///< all that name it now because of this push
};

/// The references of `manifest` as the store checks them: which kind, and whether their content must be there. Pure.
std::vector<ManifestReference> references_of(const Manifest& manifest, const ValidationPolicy& policy);

/// Threading: any loop.
class PushManifest {
 public:
  PushManifest(MetadataStore& metadata, const Clock& clock, SpaceGuard& space, const RegistryPolicy& policy);

  /// manifest_invalid, digest_invalid (the bytes are not the digest's), manifest_reference_unknown (a subject for
  /// each), denied (urls, class, a protected tag), precondition_failed, quota_exceeded, too_many_tags,
  /// manifest_too_large, storage_full.
  Task<Result<PushedManifest>> push(PushManifestRequest request);

 private:
  Result<void> check_urls(const Manifest& manifest) const;

  MetadataStore& metadata_;
  const Clock& clock_;
  SpaceGuard& space_;
  const RegistryPolicy& policy_;
  const UrlPolicy urls_;
};

}  // namespace berth
