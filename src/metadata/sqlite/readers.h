// Readers: the threads that read, each with a connection of its own for as long as one read takes.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "async/run_blocking.h"
#include "metadata/sqlite/connection.h"
#include "metadata/sqlite/gate.h"

namespace berth::sqlite {

/// Threading: any loop.
/// Lifetime:  must outlive the loops that wait for it; `gate` outlives it.
class Readers {
 public:
  Readers(const ConnectionOptions& options, std::size_t count, std::size_t queue_limit, Gate& gate);
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  /// Runs `work(connection)` on a reader's thread. Throws Failure(overloaded) at once if too many wait.
  template <class Work>
  auto run(Work work) {
    return run_blocking(pool_, [this, work = std::move(work)]() mutable {
      Lease lease(*this);
      return work(lease.connection());
    });
  }

  std::size_t queued() const { return pool_.queued(); }

 private:
  class Lease {
   public:
    explicit Lease(Readers& home) : pass_(home.gate_), home_(home), connection_(home.take()) {}
    ~Lease() { home_.give_back(std::move(connection_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Connection& connection() { return *connection_; }

   private:
    Gate::Pass pass_;
    Readers& home_;
    std::unique_ptr<Connection> connection_;
  };

  std::unique_ptr<Connection> take();
  void give_back(std::unique_ptr<Connection> connection);

  Gate& gate_;
  std::mutex mutex_;
  // Guarded by mutex_: as many as there are threads, so that one is always free for a thread that runs.
  std::vector<std::unique_ptr<Connection>> free_;
  // Last: its threads use the connections.
  BlockingPool pool_;
};

}  // namespace berth::sqlite
