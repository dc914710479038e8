// ManifestCopier: puts manifests beside the blobs too, so that the metadata can be rebuilt from the volume and the volume
// handed back to Distribution (data.md 1). The store's queue says which; a crash only leaves them queued.
#pragma once

#include <chrono>
#include <cstddef>

#include "async/key_lock.h"
#include "async/task.h"
#include "base/clock.h"
#include "metadata/metadata_store.h"
#include "storage/blob_store.h"

namespace berth {

struct ManifestCopierOptions {
  std::size_t batch_size = 64;
  std::chrono::milliseconds digest_lock_wait{10'000};
};

/// Threading: one caller at a time. Failures: throws what the stores throw; what was not finished stays queued.
class ManifestCopier {
 public:
  ManifestCopier(BlobStore& blobs, MetadataStore& metadata, KeyLock& digest_locks, const Clock& clock,
                 ManifestCopierOptions options = {});

  /// Copies until the queue is empty; returns how many.
  Task<std::size_t> run();

 private:
  Task<> copy(ManifestCopy copy);

  BlobStore& blobs_;
  MetadataStore& metadata_;
  KeyLock& digest_locks_;
  const Clock& clock_;
  const ManifestCopierOptions options_;
};

}  // namespace berth
