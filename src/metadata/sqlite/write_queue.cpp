#include "metadata/sqlite/write_queue.h"

#include <pthread.h>
#include <sqlite3.h>

#include "metadata/sqlite/link_triggers.h"

namespace berth::sqlite {

WriteQueue::WriteQueue(ConnectionOptions connection, WriteQueueLimits limits, Gate& gate, Checkpointer& checkpointer)
    : connection_options_(std::move(connection)), limits_(limits), gate_(gate), checkpointer_(checkpointer) {
  open_connection();
  thread_ = std::thread([this] { run_thread(); });
  ::pthread_setname_np(thread_.native_handle(), "meta-write");
}

WriteQueue::~WriteQueue() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  parker_.unpark();
  thread_.join();
}

void WriteQueue::open_connection() {
  connection_ = std::make_unique<Connection>(connection_options_, Access::write);
  if (connection_options_.follows_links != nullptr && *connection_options_.follows_links) {
    install_link_triggers(*connection_);
  }
  sqlite3_wal_hook(
      connection_->handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<WriteQueue*>(self)->checkpointer_.wal_grew_to(static_cast<std::uint64_t>(pages));
        return SQLITE_OK;
      },
      this);
}

bool WriteQueue::try_submit(Request& request) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= limits_.queued_requests) return false;
    was_empty = queue_.empty();
    queue_.push_back(&request);
  }
  // Else the thread is awake, or somebody is about to wake it.
  if (was_empty) parker_.unpark();
  return true;
}

std::size_t WriteQueue::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void WriteQueue::resume(Request& request) {
  // The request lies in the coroutine's frame, which may be gone as soon as the handler is posted.
  auto handler = std::move(request.resume);
  handler();
}

void WriteQueue::run_thread() {
  for (;;) {
    const std::vector<Request*> group = take_group();
    if (group.empty()) return;
    checkpointer_.wait_for_room();
    {
      const Gate::Pass pass(gate_);
      run_group(group);
    }
    for (Request* request : group) resume(*request);
  }
}

std::vector<WriteQueue::Request*> WriteQueue::take_group() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_ && queue_.empty()) {
    lock.unlock();
    parker_.park();
    lock.lock();
  }
  std::vector<Request*> group;
  std::uint64_t size_bytes = 0;
  while (!queue_.empty() && group.size() < limits_.group_requests && size_bytes < limits_.group_bytes) {
    group.push_back(queue_.front());
    size_bytes += queue_.front()->size_bytes;
    queue_.pop_front();
  }
  return group;
}

void WriteQueue::run_group(const std::vector<Request*>& group) {
  std::optional<Failure> failed;
  try {
    execute_group(group);
    commit_count_.fetch_add(1, std::memory_order_relaxed);
    request_count_.fetch_add(group.size(), std::memory_order_relaxed);
  } catch (const Failure& failure) {
    failed = failure;
  } catch (const std::exception& error) {
    failed = Failure(FailureKind::metadata, error.what());
  }
  if (!failed) return;
  failed_commit_count_.fetch_add(1, std::memory_order_relaxed);
  // Closing takes back what stands. A connection whose sync failed is not trusted again (data.md 2.5 for files).
  connection_.reset();
  // One exception each: they are rethrown on several loops.
  for (Request* request : group) {
    if (!request->error) request->error = std::make_exception_ptr(Failure(failed->kind(), failed->what()));
  }
}

void WriteQueue::execute_group(const std::vector<Request*>& group) {
  if (!connection_) open_connection();
  connection_->query(Statement::begin_write).run();
  for (Request* request : group) execute_one(*request);
  connection_->query(Statement::commit).run();
}

void WriteQueue::execute_one(Request& request) {
  connection_->query(Statement::open_savepoint).run();
  try {
    request.execute(*connection_);
  } catch (...) {
    request.error = std::current_exception();
  }
  if (request.error) {
    // SQLite takes back the whole transaction on some errors: the others of the group must hear of it.
    if (connection_->is_idle()) std::rethrow_exception(request.error);
    connection_->query(Statement::undo_savepoint).run();
  }
  connection_->query(Statement::close_savepoint).run();
}

}  // namespace berth::sqlite
