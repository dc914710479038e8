#include "async/wakeup.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace berth {

Task<> Wakeup::wait() {
  if (std::exchange(is_woken_, false)) co_return;
  auto keep = [this](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    waiter_ = [handler = std::move(handler), guard = boost::asio::make_work_guard(executor)]() mutable {
      auto loop = guard.get_executor();
      boost::asio::post(loop, std::move(handler));
    };
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(keep, boost::asio::use_awaitable);
  is_woken_ = false;
}

void Wakeup::wake() {
  if (!waiter_) {
    is_woken_ = true;
    return;
  }
  // Empty before it is called, so that a call in between is not taken for a second waiter's.
  std::exchange(waiter_, {})();
}

}  // namespace berth
