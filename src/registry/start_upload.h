// StartUpload: a new upload, or no upload at all because the blob can be mounted from another repository.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/entropy.h"
#include "base/result.h"
#include "content/hash_algorithm.h"
#include "metadata/metadata_store.h"
#include "registry/policy.h"
#include "registry/quota_check.h"
#include "registry/space_guard.h"
#include "registry/upload_desk.h"

namespace berth {

struct MountRequest {
  Digest digest;
  std::optional<RepositoryName> from;  ///< nothing: wherever the registry has it
};

/// Threading: any loop.
class StartUpload {
 public:
  StartUpload(MetadataStore& metadata, const Clock& clock, Entropy& entropy, SpaceGuard& space, QuotaCheck& quotas,
              const RegistryPolicy& policy, std::string instance_id);

  /// `algorithm` is what the bytes are hashed with as they come; a closing digest of another one costs reading them
  /// again. storage_full, quota_exceeded.
  Task<Result<UploadStatus>> start(RepositoryName repository, HashAlgorithm algorithm);

  /// Links the blob with a promise; nothing if blob or source are not there: the client uploads then. quota_exceeded.
  Task<Result<std::optional<BlobLink>>> mount(RepositoryName repository, MountRequest request);

 private:
  MetadataStore& metadata_;
  const Clock& clock_;
  Entropy& entropy_;
  SpaceGuard& space_;
  QuotaCheck& quotas_;
  const RegistryPolicy& policy_;
  const std::string instance_id_;
};

}  // namespace berth
