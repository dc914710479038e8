// DeleteContent: tags, manifests and a repository's links to blobs. The bytes are the collector's business.
#pragma once

#include <string>

#include "base/result.h"
#include "metadata/metadata_store.h"
#include "registry/policy.h"

namespace berth {

/// Every method refuses with deletes_disabled unless the policy allows deletes.
///
/// Threading: any loop.
class DeleteContent {
 public:
  DeleteContent(MetadataStore& metadata, const Clock& clock, const RegistryPolicy& policy);

  /// The manifest stays. manifest_unknown, precondition_failed, denied (a protected tag).
  Task<Result<void>> delete_tag(RepositoryName repository, Tag tag, CommitLimits limits, std::string who);

  /// With it go the tags that name it; what it names and what refers to it stays. manifest_unknown, denied (one of its
  /// tags is protected).
  Task<Result<void>> delete_manifest(RepositoryName repository, Digest digest, std::string who, TagGuard protects = {});

  /// The repository's link. blob_unknown; blob_in_use while a manifest of the repository names the blob.
  Task<Result<void>> delete_blob(RepositoryName repository, Digest digest);

 private:
  Result<void> check_allowed() const;

  MetadataStore& metadata_;
  const Clock& clock_;
  const RegistryPolicy& policy_;
};

}  // namespace berth
