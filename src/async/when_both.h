// when_both: two tasks side by side on one loop, for overlapping a socket's read with a file's write.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "async/keep_value.h"
#include "async/task.h"

namespace berth {

/// Runs both and returns when both have ended, with the value of the second. If one throws, the other is asked to
/// cancel and waited for, then that first exception is rethrown: nothing runs on after the return.
/// (The && of Boost's awaitable_operators throws a multiple_exceptions instead, whose cause the guard cannot read.)
inline Task<> when_both(Task<> first, Task<> second) {
  using boost::asio::deferred;
  const auto executor = co_await boost::asio::this_coro::executor;
  auto group = boost::asio::experimental::make_parallel_group(
      boost::asio::co_spawn(executor, std::move(first), deferred),
      boost::asio::co_spawn(executor, std::move(second), deferred));
  auto ended = co_await group.async_wait(boost::asio::experimental::wait_for_one_error(), boost::asio::use_awaitable);
  const auto order = std::get<0>(ended);
  const std::exception_ptr first_error = std::get<1>(ended);
  const std::exception_ptr second_error = std::get<2>(ended);
  const bool first_ended_first = order[0] == 0;
  if (first_error && (first_ended_first || !second_error)) std::rethrow_exception(first_error);
  if (second_error) std::rethrow_exception(second_error);
}

template <class T>
Task<T> when_both(Task<> first, Task<T> second) {
  std::optional<T> value;
  co_await when_both(std::move(first), keep_value(std::move(second), value));
  co_return std::move(*value);
}

}  // namespace berth
