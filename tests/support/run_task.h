// run_task: a test's short name for running one coroutine to its end.
#pragma once

#include <utility>

#include "async/run_to_end.h"

namespace berth {

template <class T>
T run_task(Task<T> task) {
  return run_to_end(std::move(task));
}

}  // namespace berth
