// run_task: runs one coroutine to its end on a loop of its own and hands back its value or exception.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/task.h"

namespace berth {

template <class T>
T run_task(Task<T> task) {
  boost::asio::io_context loop(1);
  std::exception_ptr failed;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error) { failed = error; });
    loop.run();
    if (failed) std::rethrow_exception(failed);
  } else {
    std::optional<T> value;
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, std::optional<T> result) {
      failed = error;
      value = std::move(result);
    });
    loop.run();
    if (failed) std::rethrow_exception(failed);
    return std::move(*value);
  }
}

}  // namespace berth
