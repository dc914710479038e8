// Pipeline: what every request goes through, in one order, with the reasons (pipeline.cpp).
#pragma once

#include <chrono>
#include <exception>
#include <string>

#include "api/api.h"
#include "api/exchange.h"
#include "api/request_metrics.h"
#include "api/routes.h"

namespace berth {

/// Threading: answer() on the connections' loops. Lifetime: outlives its requests.
class Pipeline {
 public:
  Pipeline(ApiParts api, const Clock& clock, Log& log, Metrics& metrics);

  Task<http::Response> answer(http::Request& request);

 private:
  Task<http::Response> run(const RouteMatch& match, http::Request& request);
  Task<http::Response> guard(RouteHandler handler, Exchange& exchange);
  void log_failure(const http::Request& request, const std::exception_ptr& failure);

  const ApiParts api_;
  const Clock& clock_;
  Log& log_;
  const Routes routes_;
  RequestMetrics metrics_;
};

}  // namespace berth
