#include "lifecycle/courtesy.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace berth {
namespace {

/// Probes of a load balancer are no load: requests that take less than this part of one core.
constexpr int kBusyPart = 33;
constexpr std::chrono::milliseconds kLongestRest{2000};
constexpr std::chrono::milliseconds kStep{100};

}  // namespace

Courtesy::Courtesy(const Clock& clock, CourtesyOptions options)
    : clock_(clock), options_(std::move(options)), began_(clock.monotonic()), looked_at_(began_) {
  if (options_.request_time) request_time_ = options_.request_time();
}

void Courtesy::begin() {
  began_ = clock_.monotonic();
}

bool Courtesy::look() {
  if (!options_.request_time || options_.percent >= 100) return false;
  const MonotonicTime now = clock_.monotonic();
  const std::chrono::nanoseconds taken = options_.request_time();
  is_busy_ = (taken - request_time_) * kBusyPart >= now - looked_at_;
  looked_at_ = now;
  request_time_ = taken;
  return is_busy_;
}

Task<> Courtesy::rest(const std::function<bool()>& should_stop) {
  if (!look()) co_return;
  const auto worked = clock_.monotonic() - began_;
  auto left = std::min<MonotonicTime::duration>(worked * (100 - options_.percent) / std::max(options_.percent, 1),
                                                kLongestRest);
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (left.count() > 0 && !(should_stop && should_stop())) {
    const auto part = std::min<MonotonicTime::duration>(left, kStep);
    timer.expires_after(part);
    co_await timer.async_wait(boost::asio::use_awaitable);
    left -= part;
  }
}

}  // namespace berth
