// Checkpointer: keeps the write-ahead log small, on a thread of its own, so that no write pays for it (SQLite's automatic
// checkpoint runs inside a commit and never starts the log over while writes keep coming).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "metadata/sqlite/connection.h"
#include "metadata/sqlite/gate.h"

namespace berth::sqlite {

/// At half of the limit it copies the log into the database beside running writes (PASSIVE), then holds the writer for the
/// short rest and starts the log over (RESTART; TRUNCATE if the file grew past the limit). Many overlapping reads can keep
/// SQLite's few read marks taken without end: then new reads are held, too, until the running ones are through. So the log
/// stays at the limit whatever the load; only one very long read (check_integrity, a backup) can pin it.
///
/// Threading: wal_grew_to and wait_for_room on the writer's thread, outside of its gate; the counts on any.
/// Failures:  a checkpoint that fails (disk full, a long read) is tried again; nothing is lost by waiting.
class Checkpointer {
 public:
  Checkpointer(ConnectionOptions connection, std::uint64_t wal_limit_bytes, std::chrono::milliseconds retry_interval,
               Gate& write_gate, Gate& read_gate);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// Called after each commit with the number of pages in the log.
  void wal_grew_to(std::uint64_t pages);

  /// Waits while the log is at its limit and a checkpoint can help: the writer asks before each group, so that the log ends
  /// at the limit and that group. Does not wait while checkpoints fail: a long read must not stop writes.
  void wait_for_room();

  std::uint64_t wal_bytes() const { return wal_pages_.load(std::memory_order_relaxed) * page_bytes_; }
  std::uint64_t restart_count() const { return restart_count_.load(std::memory_order_relaxed); }
  std::uint64_t failure_count() const { return failure_count_.load(std::memory_order_relaxed); }

 private:
  void run();
  bool is_due() const { return wal_bytes() >= wal_limit_bytes_ / 2; }
  bool checkpoint();
  int copy_beside_writes();
  int start_over();

  // Fixed after construction.
  const std::uint64_t wal_limit_bytes_;
  const std::chrono::milliseconds retry_interval_;
  Gate& write_gate_;
  Gate& read_gate_;
  std::uint64_t page_bytes_ = 4096;
  // Its thread only.
  Connection connection_;
  // Any thread.
  std::atomic<std::uint64_t> wal_pages_{0};
  std::atomic<std::uint64_t> restart_count_{0};
  std::atomic<std::uint64_t> failure_count_{0};
  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable attempted_;
  bool is_blocked_ = false;  // the last checkpoint failed
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace berth::sqlite
