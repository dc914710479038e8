// WriteQueue: the one writer. Takes all that has gathered, gives each request its savepoint and all of them one commit.
#pragma once

#include <atomic>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/parker.h"
#include "async/task.h"
#include "metadata/sqlite/checkpointer.h"
#include "metadata/sqlite/connection.h"
#include "metadata/sqlite/gate.h"

namespace berth::sqlite {

struct WriteQueueLimits {
  std::size_t queued_requests = 4'096;
  std::size_t group_requests = 512;
  std::uint64_t group_bytes = 16U << 20;  ///< of manifests; a group ends with the request that reaches it
};

/// Threading: any thread may submit; requests run in the order they came, on one thread.
/// Failures:  a request that throws undoes only itself. If the common commit fails, each request of the group gets a
///            Failure (storage_full or metadata), nothing of it stands, and the connection is opened afresh for the
///            next group: the store works again as soon as the disk does.
/// Lifetime:  the destructor runs what is queued, then joins. Must outlive the loops that wait for it.
class WriteQueue {
 public:
  WriteQueue(ConnectionOptions connection, WriteQueueLimits limits, Gate& gate, Checkpointer& checkpointer);
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  /// Runs `work(connection)` inside a group's transaction and comes back to the caller's loop after the commit. `work`
  /// must check before it changes anything, or throw: what it returns is committed. Throws Failure(overloaded) at once
  /// if the queue is full. Cancellation of the awaiting task does not reach `work`, as in run_blocking.
  template <class Work>
  Task<std::invoke_result_t<Work&, Connection&>> run(std::uint64_t size_bytes, Work work) {
    using Value = std::invoke_result_t<Work&, Connection&>;
    TypedRequest<Value, Work> request(size_bytes, work);  // lives in this frame, which is suspended until the commit
    bool is_refused = false;
    auto initiate = [this, &request, &is_refused](auto handler) {
      auto executor = boost::asio::get_associated_executor(handler);
      request.resume = [handler = std::move(handler), guard = boost::asio::make_work_guard(executor)]() mutable {
        auto loop = guard.get_executor();
        boost::asio::post(loop, std::move(handler));
      };
      if (!try_submit(request)) {
        is_refused = true;
        resume(request);
      }
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiate,
                                                                                       boost::asio::use_awaitable);
    if (is_refused) throw Failure(FailureKind::overloaded, "the metadata write queue is full");
    if (request.error) std::rethrow_exception(request.error);
    if constexpr (!std::is_void_v<Value>) co_return std::move(*request.value);
  }

  std::size_t queued() const;
  std::uint64_t commit_count() const { return commit_count_.load(std::memory_order_relaxed); }
  std::uint64_t request_count() const { return request_count_.load(std::memory_order_relaxed); }
  std::uint64_t failed_commit_count() const { return failed_commit_count_.load(std::memory_order_relaxed); }

 private:
  struct Request {
    explicit Request(std::uint64_t size) : size_bytes(size) {}
    virtual ~Request() = default;
    virtual void execute(Connection& connection) = 0;
    std::uint64_t size_bytes;
    std::exception_ptr error;
    std::move_only_function<void()> resume;
  };
  template <class Value, class Work>
  struct TypedRequest final : Request {
    TypedRequest(std::uint64_t size, Work& to_run) : Request(size), work(to_run) {}
    void execute(Connection& connection) override {
      if constexpr (std::is_void_v<Value>) {
        work(connection);
      } else {
        value.emplace(work(connection));
      }
    }
    Work& work;
    std::conditional_t<std::is_void_v<Value>, char, std::optional<Value>> value = {};
  };

  bool try_submit(Request& request);
  static void resume(Request& request);
  void run_thread();
  std::vector<Request*> take_group();
  void run_group(const std::vector<Request*>& group);
  void execute_group(const std::vector<Request*>& group);
  void execute_one(Request& request);
  void open_connection();

  // Fixed after construction.
  const ConnectionOptions connection_options_;
  const WriteQueueLimits limits_;
  Gate& gate_;
  Checkpointer& checkpointer_;
  // Its thread only; empty after a failed commit.
  std::unique_ptr<Connection> connection_;
  // Any thread.
  std::atomic<std::uint64_t> commit_count_{0};
  std::atomic<std::uint64_t> request_count_{0};
  std::atomic<std::uint64_t> failed_commit_count_{0};
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::deque<Request*> queue_;
  bool is_stopping_ = false;
  // Its own.
  Parker parker_;
  std::thread thread_;
};

}  // namespace berth::sqlite
