#include "async/run_blocking.h"

#include <pthread.h>

#include <utility>

namespace berth {

BlockingPool::BlockingPool(std::string name, std::size_t thread_count, std::size_t queue_limit)
    : name_(std::move(name)), queue_limit_(queue_limit) {
  workers_.reserve(thread_count);
  idle_.reserve(thread_count);
  for (std::size_t i = 0; i < thread_count; ++i) {
    Worker& worker = *workers_.emplace_back(std::make_unique<Worker>());
    worker.thread = std::thread([this, &worker] { run(worker); });
    ::pthread_setname_np(worker.thread.native_handle(), name_.substr(0, 15).c_str());
  }
}

BlockingPool::~BlockingPool() {
  std::vector<Worker*> idle;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    idle.swap(idle_);
  }
  for (Worker* worker : idle) worker->parker.unpark();
  for (const std::unique_ptr<Worker>& worker : workers_) worker->thread.join();
}

bool BlockingPool::try_submit(std::move_only_function<void()>& job) {
  Worker* worker = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      worker = idle_.back();
      idle_.pop_back();
      worker->job = std::move(job);
    } else {
      if (queue_.size() >= queue_limit_) return false;
      queue_.push_back(std::move(job));
    }
  }
  if (worker != nullptr) worker->parker.unpark();
  return true;
}

std::size_t BlockingPool::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void BlockingPool::run(Worker& worker) {
  std::unique_lock lock(mutex_);
  for (;;) {
    std::move_only_function<void()> job;
    if (!queue_.empty()) {
      job = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
    } else {
      if (stopping_) return;
      idle_.push_back(&worker);
      lock.unlock();
      worker.parker.park();
      job = std::exchange(worker.job, nullptr);  // none: the pool ends
    }
    if (job) job();
    job = nullptr;
    lock.lock();
  }
}

}  // namespace berth
