// Task: a coroutine on a loop. The only header that brings in boost/asio/awaitable.hpp for everybody.
//
// Rules (CONTRIBUTING.md): named functions, never a capturing lambda that contains co_await; parameters by
// value or a reference to an owner that outlives the task; no lock and no view of a local buffer across an await.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace berth {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace berth
