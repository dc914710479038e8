#include <utility>

#include "api/api.h"
#include "api/health_response.h"

namespace berth {

namespace {

std::string path_of(const std::string& target) {
  return target.substr(0, target.find('?'));
}

}  // namespace

DebugApi::DebugApi(const Health& health, const Metrics& metrics, DebugApiOptions options)
    : health_(health), metrics_(metrics), options_(std::move(options)) {}

http::Handler DebugApi::handler() {
  return [this](http::Request& request) { return answer(request); };
}

Task<http::Response> DebugApi::answer(http::Request& request) const {
  const std::string path = path_of(request.target);
  if (request.method != http::Method::get && request.method != http::Method::head) {
    http::Response response = http::Response::text(405, "text/plain; charset=utf-8", "Method not allowed\n");
    response.headers.add("Allow", "GET, HEAD");
    co_return response;
  }
  if (path == "/livez") co_return live_response();
  if (path == "/readyz" || path == "/debug/health") co_return health_response(health_);
  if (!options_.metrics_path.empty() && path == options_.metrics_path) {
    co_return http::Response::text(200, "text/plain; version=0.0.4; charset=utf-8", metrics_.render());
  }
  co_return http::Response::text(404, "text/plain; charset=utf-8", "404 page not found\n");
}

}  // namespace berth
