#include "metadata/sqlite/checkpointer.h"

#include <pthread.h>
#include <sqlite3.h>

#include <cstdlib>

namespace berth::sqlite {

Checkpointer::Checkpointer(ConnectionOptions connection, std::uint64_t wal_limit_bytes,
                           std::chrono::milliseconds retry_interval, Gate& write_gate, Gate& read_gate)
    : wal_limit_bytes_(wal_limit_bytes),
      retry_interval_(retry_interval),
      write_gate_(write_gate),
      read_gate_(read_gate),
      connection_(std::move(connection), Access::write) {
  page_bytes_ = std::strtoull(connection_.read_values("PRAGMA page_size").at(0).c_str(), nullptr, 10);
  // What the last run left in the log is known only to the log.
  int log_pages = 0;
  int copied_pages = 0;
  if (sqlite3_wal_checkpoint_v2(connection_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &log_pages, &copied_pages) ==
          SQLITE_OK &&
      log_pages > 0) {
    wal_pages_ = static_cast<std::uint64_t>(log_pages);
  }
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "meta-checkpoint");
}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Checkpointer::wal_grew_to(std::uint64_t pages) {
  const bool was_due = is_due();
  wal_pages_.store(pages, std::memory_order_relaxed);
  if (was_due || !is_due()) return;
  // Under the lock, or the thread could look before and sleep after.
  const std::lock_guard lock(mutex_);
  wake_.notify_all();
}

void Checkpointer::wait_for_room() {
  if (wal_bytes() < wal_limit_bytes_) return;
  std::unique_lock lock(mutex_);
  attempted_.wait(lock, [this] { return wal_bytes() < wal_limit_bytes_ || is_blocked_; });
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return is_stopping_ || is_due(); });
    if (is_stopping_) return;
    lock.unlock();
    const bool is_done = checkpoint();
    lock.lock();
    is_blocked_ = !is_done;
    attempted_.notify_all();
    if (!is_done) wake_.wait_for(lock, retry_interval_, [this] { return is_stopping_; });
  }
}

bool Checkpointer::checkpoint() {
  int code = copy_beside_writes();
  if (code == SQLITE_BUSY) {
    const Gate::Closed no_reads(read_gate_);
    code = copy_beside_writes();
  }
  if (code == SQLITE_OK) {
    const Gate::Closed no_writes(write_gate_);
    code = start_over();
    if (code == SQLITE_BUSY) {
      const Gate::Closed no_reads(read_gate_);
      code = start_over();
    }
  }
  (code == SQLITE_OK ? restart_count_ : failure_count_).fetch_add(1, std::memory_order_relaxed);
  return code == SQLITE_OK;
}

int Checkpointer::copy_beside_writes() {
  int log_pages = 0;
  int copied_pages = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &log_pages, &copied_pages);
  if (code != SQLITE_OK) return code;
  // A read pins what was written after it began. Holding the writer for so much would stop everybody.
  const auto left_bytes = static_cast<std::uint64_t>(log_pages - copied_pages) * page_bytes_;
  return left_bytes > wal_limit_bytes_ / 4 ? SQLITE_BUSY : SQLITE_OK;
}

int Checkpointer::start_over() {
  const int mode = wal_bytes() > wal_limit_bytes_ ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART;
  const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), "main", mode, nullptr, nullptr);
  if (code == SQLITE_OK) wal_pages_.store(0, std::memory_order_relaxed);
  return code;
}

}  // namespace berth::sqlite
