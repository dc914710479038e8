#include "registry/pull_blob.h"

namespace berth {

namespace {

std::unexpected<Error> unknown(const Digest& digest) {
  return refuse(ErrorCode::blob_unknown, "blob unknown to registry", {digest.to_string()});
}

}  // namespace

PullBlob::PullBlob(Stores stores, KeyLock& digest_locks, PromiseBook& promises, Log& log,
                   std::chrono::milliseconds digest_lock_wait)
    : stores_(stores),
      digest_locks_(digest_locks),
      promises_(promises),
      log_(log),
      digest_lock_wait_(digest_lock_wait) {}

Task<Result<BlobLink>> PullBlob::find(RepositoryName repository, Digest digest) {
  const std::optional<BlobLink> link = co_await stores_.metadata.find_blob(repository, digest);
  if (!link) co_return unknown(digest);
  const PromiseOutcome promise = co_await promises_.keep_blob(repository, *link);
  if (promise == PromiseOutcome::gone) co_return unknown(digest);
  co_return *link;
}

Task<Result<PulledBlob>> PullBlob::open(RepositoryName repository, Digest digest) {
  const std::optional<BlobLink> link = co_await stores_.metadata.find_blob(repository, digest);
  if (!link) co_return unknown(digest);
  std::optional<ByteSource> bytes = co_await stores_.blobs.open(digest);
  if (!bytes || bytes->size() != link->size_bytes) bytes = co_await look_again(repository, digest);
  if (!bytes) co_return unknown(digest);
  co_return PulledBlob{.digest = digest, .bytes = std::move(*bytes)};
}

// Under the lock that publishing takes: a push that heals the blob right now is either seen here or comes after the
// mark.
Task<std::optional<ByteSource>> PullBlob::look_again(RepositoryName repository, Digest digest) {
  const KeyLock::Guard guard = co_await digest_locks_.acquire(digest.to_string(), digest_lock_wait_);
  const std::optional<BlobLink> link = co_await stores_.metadata.find_blob(repository, digest);
  if (!link) co_return std::nullopt;
  // A volume that is not mounted has no blobs either: that is a failure of the store, not of the blob.
  co_await stores_.blobs.check_health();
  std::optional<ByteSource> bytes = co_await stores_.blobs.open(digest);
  if (bytes && bytes->size() == link->size_bytes) co_return bytes;
  log_.error("blob is missing or damaged; the next push of it heals it",
             {{"repository", repository.text()},
              {"digest", digest.to_string()},
              {"expected_bytes", link->size_bytes},
              {"found_bytes", bytes ? static_cast<std::int64_t>(bytes->size()) : std::int64_t{-1}}});
  co_await stores_.metadata.mark_blob_missing(digest);
  co_return std::nullopt;
}

}  // namespace berth
