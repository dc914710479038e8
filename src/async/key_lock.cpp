#include "async/key_lock.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/failure.h"

namespace berth {

namespace {

// A waiter sleeps on a timer of its own loop; whoever releases the key marks it as owner and wakes the timer there.
struct Waiter {
  explicit Waiter(const boost::asio::any_io_executor& executor) : timer(executor) {}
  boost::asio::steady_timer timer;  // touched on the waiter's loop only
  bool is_owner = false;            // guarded by the table's mutex
};

}  // namespace

struct KeyLock::Table {
  mutable std::mutex mutex;
  // A key that is present is held; its queue waits.
  std::unordered_map<std::string, std::deque<std::shared_ptr<Waiter>>> keys;

  void release(const std::string& key) {
    std::shared_ptr<Waiter> next;
    {
      const std::lock_guard lock(mutex);
      const auto found = keys.find(key);
      if (found == keys.end()) return;
      if (found->second.empty()) {
        keys.erase(found);
        return;
      }
      next = std::move(found->second.front());
      found->second.pop_front();
      next->is_owner = true;
    }
    auto executor = next->timer.get_executor();
    boost::asio::post(executor, [next] { next->timer.cancel(); });
  }
};

KeyLock::KeyLock() : table_(std::make_shared<Table>()) {}
KeyLock::~KeyLock() = default;

KeyLock::Guard& KeyLock::Guard::operator=(Guard&& other) noexcept {
  if (table_) table_->release(key_);
  table_ = std::move(other.table_);
  key_ = std::move(other.key_);
  return *this;
}

KeyLock::Guard::~Guard() {
  if (table_) table_->release(key_);
}

std::optional<KeyLock::Guard> KeyLock::try_acquire(std::string key) {
  const std::lock_guard lock(table_->mutex);
  if (!table_->keys.try_emplace(key).second) return std::nullopt;
  return Guard(table_, std::move(key));
}

Task<KeyLock::Guard> KeyLock::acquire(std::string key, std::chrono::milliseconds limit) {
  // The frame keeps the table, not the KeyLock: a task that ends late still finds it.
  const std::shared_ptr<Table> table = table_;
  std::shared_ptr<Waiter> waiter;
  const auto executor = co_await boost::asio::this_coro::executor;
  {
    const std::lock_guard lock(table->mutex);
    const auto [found, is_new] = table->keys.try_emplace(key);
    if (!is_new) {
      waiter = std::make_shared<Waiter>(executor);
      waiter->timer.expires_after(limit);
      found->second.push_back(waiter);
    }
  }
  if (!waiter) co_return Guard(table, std::move(key));

  // A wake-up posted before the wait begins cannot be lost: post runs on this loop, after this task suspends.
  boost::system::error_code ignored;
  std::exception_ptr stopped;
  try {
    co_await waiter->timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  } catch (...) {
    stopped = std::current_exception();  // the task was cancelled while it waited
  }
  bool is_owner = false;
  {
    const std::lock_guard lock(table->mutex);
    is_owner = waiter->is_owner;
    if (!is_owner) {
      if (const auto found = table->keys.find(key); found != table->keys.end()) std::erase(found->second, waiter);
    }
  }
  if (is_owner) {
    Guard guard(table, std::move(key));
    if (stopped) std::rethrow_exception(stopped);
    co_return guard;
  }
  if (stopped) std::rethrow_exception(stopped);
  throw Failure(FailureKind::overloaded, "waited too long for " + key);
}

std::size_t KeyLock::held_count() const {
  const std::lock_guard lock(table_->mutex);
  return table_->keys.size();
}

}  // namespace berth
