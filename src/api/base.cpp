// The roots and the probes.
#include <string>

#include "api/error_response.h"
#include "api/handlers.h"
#include "api/health_response.h"
#include "observe/health.h"

namespace berth {

// Load balancers probe it.
Task<Answer> answer_root(const ApiParts& api, Exchange&) {
  if (!api.health.is_healthy()) co_return unhealthy_response();
  http::Response response = http::Response::empty(200);
  response.headers.add("Cache-Control", "no-cache");
  co_return response;
}

Task<Answer> answer_base(const ApiParts& api, Exchange& exchange) {
  if (!api.health.is_healthy()) co_return unhealthy_response();
  exchange.keep = KeepAnswer{.depends_on_health = true};
  co_return http::Response::text(200, "application/json", "{}");
}

Task<Answer> answer_livez(const ApiParts&, Exchange&) {
  co_return live_response();
}

Task<Answer> answer_readyz(const ApiParts& api, Exchange&) {
  co_return health_response(api.health);
}

}  // namespace berth
