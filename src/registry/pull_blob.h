// PullBlob: does a repository have a blob, and its bytes.
#pragma once

#include <chrono>
#include <optional>

#include "async/byte_source.h"
#include "async/key_lock.h"
#include "base/result.h"
#include "observe/log.h"
#include "registry/promise_book.h"
#include "registry/stores.h"

namespace berth {

struct PulledBlob {
  Digest digest;
  ByteSource bytes;
};

/// Threading: any loop.
class PullBlob {
 public:
  PullBlob(Stores stores, KeyLock& digest_locks, PromiseBook& promises, Log& log,
           std::chrono::milliseconds digest_lock_wait);

  /// What a HEAD asks. Never touches the bytes; makes a promise. blob_unknown.
  Task<Result<BlobLink>> find(RepositoryName repository, Digest digest);

  /// The bytes. blob_unknown; also if they are gone or of the wrong size: then the blob is marked as missing, so that
  /// HEAD says 404 too and the next push heals it (data.md 6).
  Task<Result<PulledBlob>> open(RepositoryName repository, Digest digest);

 private:
  Task<std::optional<ByteSource>> look_again(RepositoryName repository, Digest digest);

  Stores stores_;
  KeyLock& digest_locks_;
  PromiseBook& promises_;
  Log& log_;
  const std::chrono::milliseconds digest_lock_wait_;
};

}  // namespace berth
