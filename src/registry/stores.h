// What the rules stand on: the three stores, and the locks that keep their writers in order.
#pragma once

#include "async/key_lock.h"
#include "metadata/metadata_store.h"
#include "storage/blob_store.h"
#include "storage/blob_uploads.h"

namespace berth {

/// Lifetime: all three outlive whoever holds this.
struct Stores {
  BlobStore& blobs;
  BlobUploads& uploads;
  MetadataStore& metadata;
};

/// The keys are `Digest::to_string()` and `UploadId::text()`; the background jobs take the same ones.
///
/// A digest is waited for, with a deadline. An upload is never waited for (try_acquire): a second writer is refused, so
/// holding an upload while waiting for a digest cannot end in a deadlock.
struct Locks {
  KeyLock& digests;
  KeyLock& uploads;
};

}  // namespace berth
