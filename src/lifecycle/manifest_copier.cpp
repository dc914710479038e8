#include "lifecycle/manifest_copier.h"

#include <utility>

namespace berth {

ManifestCopier::ManifestCopier(BlobStore& blobs, MetadataStore& metadata, KeyLock& digest_locks, const Clock& clock,
                               ManifestCopierOptions options)
    : blobs_(blobs), metadata_(metadata), digest_locks_(digest_locks), clock_(clock), options_(options) {}

Task<std::size_t> ManifestCopier::run() {
  std::size_t copied = 0;
  for (;;) {
    std::vector<ManifestCopy> batch = co_await metadata_.pending_manifest_copies(options_.batch_size);
    if (batch.empty()) co_return copied;
    for (ManifestCopy& next : batch) {
      co_await copy(std::move(next));
      ++copied;
    }
  }
}

Task<> ManifestCopier::copy(ManifestCopy copy) {
  // Under the lock, so that a collector that is removing the same digest has finished, or sees the new row.
  const KeyLock::Guard guard = co_await digest_locks_.acquire(copy.digest.to_string(), options_.digest_lock_wait);
  const std::uint64_t size_bytes = copy.bytes.size();
  co_await blobs_.put(copy.digest, std::move(copy.bytes));
  co_await metadata_.finish_manifest_copy(copy.queue_id, copy.digest, size_bytes, clock_.now());
}

}  // namespace berth
