// when_both: two tasks side by side on one loop, for overlapping a socket's read with a file's write.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <type_traits>
#include <utility>

#include "async/task.h"

namespace berth {

/// Runs both and returns when both have ended, with the value of the second. If one throws, the other is asked to
/// cancel and waited for, then the exception is rethrown: nothing runs on after the return.
template <class T>
Task<T> when_both(Task<void> first, Task<T> second) {
  using namespace boost::asio::experimental::awaitable_operators;
  if constexpr (std::is_void_v<T>) {
    co_await (std::move(first) && std::move(second));
  } else {
    co_return co_await (std::move(first) && std::move(second));
  }
}

}  // namespace berth
