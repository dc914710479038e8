// run_blocking: the one way from a coroutine to work that blocks (disk, SQLite).
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "async/parker.h"
#include "async/task.h"
#include "base/failure.h"

namespace berth {

/// A fixed number of threads behind a bounded queue. The thread that became idle last gets the next job: its core and
/// caches are the warmest.
///
/// Threading: any thread may submit. Jobs run in the order they came, side by side.
/// Lifetime:  the destructor runs what is queued, then joins. The pool must outlive the loops that wait for it.
class BlockingPool {
 public:
  BlockingPool(std::string name, std::size_t thread_count, std::size_t queue_limit);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// False if the queue is full; `job` is then left as it was. `job` must not throw.
  bool try_submit(std::move_only_function<void()>& job);

  const std::string& name() const { return name_; }
  std::size_t queued() const;

 private:
  struct Worker {
    std::move_only_function<void()> job = {};  // handed over while the worker is idle
    Parker parker = {};
    std::thread thread = {};
  };
  void run(Worker& worker);

  // Fixed after construction.
  std::string name_;
  std::size_t queue_limit_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::vector<Worker*> idle_;  // empty while jobs are queued
  std::deque<std::move_only_function<void()>> queue_;
  bool stopping_ = false;
};

/// Runs `work` on the pool and comes back to the caller's loop with its value or exception.
/// Throws Failure(overloaded) at once if the pool's queue is full. Cancellation of the awaiting task does not reach
/// `work`: it is always waited for, so `work` may refer to the awaiting coroutine's frame.
///
/// Built on async_initiate: co_spawn on a pool ends the process when it is cancelled (Boost 1.81).
template <class Work>
Task<std::invoke_result_t<Work&>> run_blocking(BlockingPool& pool, Work work) {
  using Value = std::invoke_result_t<Work&>;
  struct State {
    bool is_refused = false;
    std::exception_ptr error;
    std::conditional_t<std::is_void_v<Value>, char, std::optional<Value>> value = {};
  };
  State state;  // lives in this frame, which is suspended until the handler ran
  auto initiate = [&pool, &work, &state](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto job = [&work, &state, handler = std::move(handler), guard = boost::asio::make_work_guard(executor)]() mutable {
      try {
        if (state.is_refused) {
          // Only resumes: a throw out of the initiation would free the coroutine's frame under it.
        } else if constexpr (std::is_void_v<Value>) {
          work();
        } else {
          state.value.emplace(work());
        }
      } catch (...) {
        state.error = std::current_exception();
      }
      auto loop = guard.get_executor();
      boost::asio::post(loop, std::move(handler));
    };
    std::move_only_function<void()> holder(std::move(job));
    if (!pool.try_submit(holder)) {
      state.is_refused = true;
      holder();
    }
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiate,
                                                                                     boost::asio::use_awaitable);
  if (state.is_refused) throw Failure(FailureKind::overloaded, "the queue of the " + pool.name() + " pool is full");
  if (state.error) std::rethrow_exception(state.error);
  if constexpr (!std::is_void_v<Value>) co_return std::move(*state.value);
}

}  // namespace berth
