#include "lifecycle/periodic_job.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace berth {

struct PeriodicJob::State {
  State(const boost::asio::any_io_executor& loop, PeriodicJobOptions job_options, std::function<Task<>()> job_round,
        Log& job_log)
      : options(std::move(job_options)), round(std::move(job_round)), log(job_log), timer(loop) {}

  // Fixed after construction.
  PeriodicJobOptions options;
  std::function<Task<>()> round;
  Log& log;
  // Loop thread only.
  boost::asio::steady_timer timer;
  bool is_stopping = false;
  bool is_woken = false;
};

PeriodicJob::PeriodicJob(const boost::asio::any_io_executor& loop, PeriodicJobOptions options,
                         std::function<Task<>()> round, Log& log)
    : state_(std::make_shared<State>(loop, std::move(options), std::move(round), log)) {
  boost::asio::co_spawn(loop, run(state_), boost::asio::detached);
}

PeriodicJob::~PeriodicJob() {
  stop();
}

void PeriodicJob::stop() {
  state_->is_stopping = true;
  state_->timer.cancel();
}

void PeriodicJob::wake() {
  state_->is_woken = true;
  state_->timer.cancel();
}

Task<> PeriodicJob::run(std::shared_ptr<State> state) {
  const PeriodicJobOptions& options = state->options;
  const auto usual_wait = [&options](std::chrono::milliseconds otherwise) {
    return options.wait ? options.wait() : otherwise;
  };
  std::chrono::milliseconds wait = usual_wait(options.first_after);
  std::chrono::milliseconds retry = options.retry_after;
  while (!state->is_stopping) {
    if (!std::exchange(state->is_woken, false)) {
      if (options.job != nullptr) options.job->set_next(options.clock->now() + wait);
      boost::system::error_code cancelled;
      state->timer.expires_after(wait);
      co_await state->timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
      state->is_woken = false;
    }
    if (state->is_stopping) break;
    try {
      co_await state->round();
      wait = usual_wait(options.interval);
      retry = options.retry_after;
    } catch (const std::exception& error) {
      state->log.error("background job failed, it will be tried again",
                       {{"job", options.name}, {"error", error.what()}, {"retry_ms", retry.count()}});
      wait = retry;
      retry = std::min(retry * 2, std::max(options.interval, options.retry_after));
    }
  }
}

}  // namespace berth
