// HashBeside: hashes bytes on another thread of the pool while the caller writes them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "async/run_blocking.h"
#include "content/hasher.h"

namespace berth {

/// Where no thread comes to it in time, the caller does it when it waits: nobody ever waits for a thread to be free.
///
/// Threading: of one job of the pool. Lifetime: `hasher` and `bytes` must stay until wait() has returned.
class HashBeside {
 public:
  HashBeside(BlockingPool& pool, Hasher& hasher, std::span<const std::byte> bytes);
  ~HashBeside() { wait(); }
  HashBeside(const HashBeside&) = delete;
  HashBeside& operator=(const HashBeside&) = delete;

  /// Returns when the bytes are hashed.
  void wait();

 private:
  struct Work;
  std::shared_ptr<Work> work_;  // also the pool's, whose thread may come when all is over
};

}  // namespace berth
