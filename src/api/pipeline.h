// Pipeline: what every request goes through, in one order, with the reasons (pipeline.cpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>

#include "api/access_gate.h"
#include "api/answer_cache.h"
#include "api/api.h"
#include "api/client_address.h"
#include "api/cors.h"
#include "api/exchange.h"
#include "api/rate_limits.h"
#include "api/request_metrics.h"
#include "api/routes.h"
#include "http/quick_answer.h"

namespace berth {

/// Threading: answer() on the connections' loops. Lifetime: outlives its requests.
class Pipeline {
 public:
  /// Null for `limits`: there are none.
  Pipeline(ApiParts api, AnswerCache& answers, RateLimits* limits, const Clock& clock, Log& log, Metrics& metrics);

  Task<http::Response> answer(http::Request& request);
  /// What was answered before and is still true; nothing if the request has to go through answer(). Never waits.
  http::QuickAnswer answer_at_once(const http::RequestView& request);

 private:
  /// What a request falls under; keeps alive what it refers to.
  struct Receipt {
    Caller caller;
    std::optional<IpAddress> address;
    std::string repository;
    PullCount pull;

    RateOwner owner() const;
  };
  /// What is still to be done with an answer once it has all of its own fields.
  struct Afterwards {
    std::optional<KeepAnswer> keep = {};
    std::optional<Receipt> receipt = {};
  };

  Task<http::Response> run(const RouteMatch& match, http::Request& request, Afterwards& afterwards);
  void keep(const RouteMatch& match, const http::Request& request, const http::Response& response,
            const KeepAnswer& how);
  /// The steps of a request whose method its route has.
  Task<http::Response> answer_known(const RouteMatch& match, const MethodRoute& method, http::Request& request,
                                    Afterwards& afterwards);
  Task<Answer> handle(const MethodRoute& method, Exchange& exchange);
  /// The other name of a repository that was renamed since `generation`; nothing if it was not.
  Task<std::optional<RepositoryName>> find_renamed(RepositoryName asked, RepositoryName resolved,
                                                   std::uint64_t generation);
  void add_fields(const RouteMatch& match, const http::Request& request, const Afterwards& afterwards,
                  http::Response& response);
  bool admits_at_once(const http::RequestView& request, const CachedAnswer& cached, const Identity& who,
                      const std::optional<IpAddress>& forwarded);
  void log_failure(const http::Request& request, const std::exception_ptr& failure);

  const ApiParts api_;
  AnswerCache& answers_;
  const Clock& clock_;
  Log& log_;
  const Routes routes_;
  AccessGate& gate_;
  const ClientAddresses clients_;
  const Cors cors_;
  RateLimits* const limits_;
  RequestMetrics metrics_;
  Counter& cache_misses_;
};

}  // namespace berth
