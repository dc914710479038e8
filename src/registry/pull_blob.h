// PullBlob: does a repository have a blob, and its bytes.
#pragma once

#include <chrono>
#include <optional>

#include "async/byte_source.h"
#include "async/key_lock.h"
#include "async/run_blocking.h"
#include "base/result.h"
#include "observe/log.h"
#include "registry/promise_book.h"
#include "registry/stores.h"

namespace berth {

struct PulledBlob {
  Digest digest;
  ByteSource bytes;
  WallTime promised_until;
};

/// Threading: any loop.
class PullBlob {
 public:
  /// `disk` reads small blobs into memory.
  PullBlob(Stores stores, KeyLock& digest_locks, PromiseBook& promises, BlockingPool& disk, Log& log,
           std::chrono::milliseconds digest_lock_wait);

  /// What a HEAD asks. Never touches the bytes; makes a promise. blob_unknown.
  Task<Result<BlobLink>> find(RepositoryName repository, Digest digest);

  /// The bytes; those of a blob of at most `memory_limit_bytes` come in memory, held to their digest. blob_unknown;
  /// also if they are gone or not what they should be: then the blob is marked as missing, so that HEAD says 404 too
  /// and the next push heals it (data.md 6).
  Task<Result<PulledBlob>> open(RepositoryName repository, Digest digest, std::uint64_t memory_limit_bytes);

 private:
  Task<std::optional<ByteSource>> read_checked(Digest digest, std::uint64_t size_bytes,
                                               std::uint64_t memory_limit_bytes);
  Task<std::optional<ByteSource>> look_again(RepositoryName repository, Digest digest,
                                             std::uint64_t memory_limit_bytes);

  Stores stores_;
  KeyLock& digest_locks_;
  PromiseBook& promises_;
  BlockingPool& disk_;
  Log& log_;
  const std::chrono::milliseconds digest_lock_wait_;
};

}  // namespace berth
