// run_to_end: runs one task on a loop of its own and hands back its value or exception. For start-up and tests, where
// there is no loop yet; never on a loop's thread.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "async/keep_value.h"
#include "async/task.h"

namespace berth {

inline void run_to_end(Task<> task) {
  boost::asio::io_context loop(1);
  std::exception_ptr failed;
  boost::asio::co_spawn(loop, std::move(task), [&failed](const std::exception_ptr& error) { failed = error; });
  loop.run();
  if (failed) std::rethrow_exception(failed);
}

template <class T>
T run_to_end(Task<T> task) {
  std::optional<T> value;
  run_to_end(keep_value(std::move(task), value));
  return std::move(*value);
}

}  // namespace berth
