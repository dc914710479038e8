// keep_value: a task's value, kept outside of what co_spawn hands over.
#pragma once

#include <optional>
#include <utility>

#include "async/task.h"

namespace berth {

/// co_spawn makes an empty value for a task that threw; keeping the value in `value` spares T a default constructor.
template <class T>
Task<> keep_value(Task<T> task, std::optional<T>& value) {
  value.emplace(co_await std::move(task));
}

}  // namespace berth
