#include "registry/pull_blob.h"

#include <utility>

#include "registry/copy_bytes.h"

namespace berth {

namespace {

std::unexpected<Error> unknown(const Digest& digest) {
  return refuse(ErrorCode::blob_unknown, "blob unknown to registry", {digest.to_string()});
}

}  // namespace

PullBlob::PullBlob(Stores stores, KeyLock& digest_locks, PromiseBook& promises, BlockingPool& disk, Log& log,
                   std::chrono::milliseconds digest_lock_wait)
    : stores_(stores),
      digest_locks_(digest_locks),
      promises_(promises),
      disk_(disk),
      log_(log),
      digest_lock_wait_(digest_lock_wait) {}

Task<Result<BlobLink>> PullBlob::find(RepositoryName repository, Digest digest) {
  std::optional<BlobLink> link = co_await stores_.metadata.find_blob(repository, digest);
  if (!link) co_return unknown(digest);
  const std::optional<WallTime> promised_until = co_await promises_.keep_blob(repository, *link);
  if (!promised_until) co_return unknown(digest);
  link->promised_until = *promised_until;
  co_return std::move(*link);
}

Task<Result<PulledBlob>> PullBlob::open(RepositoryName repository, Digest digest, std::uint64_t memory_limit_bytes) {
  const std::optional<BlobLink> link = co_await stores_.metadata.find_blob(repository, digest);
  if (!link) co_return unknown(digest);
  std::optional<ByteSource> bytes = co_await read_checked(digest, link->size_bytes, memory_limit_bytes);
  if (!bytes) bytes = co_await look_again(repository, digest, memory_limit_bytes);
  if (!bytes) co_return unknown(digest);
  co_return PulledBlob{.digest = digest, .bytes = std::move(*bytes), .promised_until = link->promised_until};
}

/// Nothing if the bytes are not there or are not what they should be, as far as can be told.
Task<std::optional<ByteSource>> PullBlob::read_checked(Digest digest, std::uint64_t size_bytes,
                                                       std::uint64_t memory_limit_bytes) {
  std::optional<ByteSource> bytes = co_await stores_.blobs.open(digest);
  if (!bytes || bytes->size() != size_bytes) co_return std::nullopt;
  const bool is_large = size_bytes > memory_limit_bytes;
  if (is_large) co_return bytes;
  const std::optional<SharedBytes> memory = co_await read_into_memory(std::move(*bytes), disk_);
  if (!memory || digest_of(digest.algorithm(), memory->view()) != digest) co_return std::nullopt;
  co_return ByteSource(*memory);
}

// Under the lock that publishing takes: a push that heals the blob right now is either seen here or comes after the
// mark.
Task<std::optional<ByteSource>> PullBlob::look_again(RepositoryName repository, Digest digest,
                                                     std::uint64_t memory_limit_bytes) {
  const KeyLock::Guard guard = co_await digest_locks_.acquire(digest.to_string(), digest_lock_wait_);
  const std::optional<BlobLink> link = co_await stores_.metadata.find_blob(repository, digest);
  if (!link) co_return std::nullopt;
  // A volume that is not mounted has no blobs either: that is a failure of the store, not of the blob.
  co_await stores_.blobs.check_health();
  const std::optional<BlobInfo> found = co_await stores_.blobs.find(digest);
  std::optional<ByteSource> bytes = co_await read_checked(digest, link->size_bytes, memory_limit_bytes);
  if (bytes) co_return bytes;
  log_.error("blob is missing or damaged; the next push of it heals it",
             {{"repository", repository.text()},
              {"digest", digest.to_string()},
              {"expected_bytes", link->size_bytes},
              {"found_bytes", found ? static_cast<std::int64_t>(found->size_bytes) : std::int64_t{-1}}});
  co_await stores_.metadata.mark_blob_missing(digest);
  co_return std::nullopt;
}

}  // namespace berth
