// Pipeline: what every request goes through, in one order, with the reasons (pipeline.cpp).
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include "api/answer_cache.h"
#include "api/api.h"
#include "api/exchange.h"
#include "api/request_metrics.h"
#include "api/routes.h"
#include "http/quick_answer.h"

namespace berth {

/// Threading: answer() on the connections' loops. Lifetime: outlives its requests.
class Pipeline {
 public:
  Pipeline(ApiParts api, AnswerCache& answers, const Clock& clock, Log& log, Metrics& metrics);

  Task<http::Response> answer(http::Request& request);
  /// What was answered before and is still true; nothing if the request has to go through answer(). Never waits.
  http::QuickAnswer answer_at_once(const http::RequestView& request);

 private:
  Task<http::Response> run(const RouteMatch& match, http::Request& request, std::optional<KeepAnswer>& keep);
  void keep(const RouteMatch& match, const http::Request& request, const http::Response& response,
            const KeepAnswer& how);
  Task<http::Response> guard(RouteHandler handler, Exchange& exchange);
  void log_failure(const http::Request& request, const std::exception_ptr& failure);

  const ApiParts api_;
  AnswerCache& answers_;
  const Clock& clock_;
  Log& log_;
  const Routes routes_;
  RequestMetrics metrics_;
  Counter& cache_misses_;
};

}  // namespace berth
