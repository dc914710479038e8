#include "api/admin/local_admin.h"

#include <exception>
#include <optional>
#include <utility>

#include "api/error_response.h"

namespace berth {

LocalAdmin::LocalAdmin(AdminParts parts, Log& log)
    : parts_(parts), log_(log), routes_("/"), no_rules_(AccessPolicy::compile({})) {}

bool LocalAdmin::is_about(const http::Request& request) {
  return !request.path.segments.empty() && request.path.segments.front() == "api";
}

Task<http::Response> LocalAdmin::answer(http::Request& request) {
  const std::optional<RouteMatch> match = routes_.match(request.path);
  const bool is_admin = match && !match->needs_redirect && match->route->is_admin();
  if (!is_admin) co_return http::Response::text(404, "text/plain; charset=utf-8", "404 page not found\n");
  const MethodRoute* method = match->route->find(request.method);
  if (method == nullptr) {
    http::Response response = http::Response::text(405, "text/plain; charset=utf-8", "Method not allowed\n");
    response.headers.add("Allow", match->route->allow());
    co_return response;
  }
  Exchange exchange{.request = request,
                    .caller = Caller::unrestricted(no_rules_),
                    .parameter = match->parameter,
                    .parent = match->parent,
                    .is_operator = true};
  std::exception_ptr failure;
  try {
    Answer answer = co_await method->admin(parts_, exchange);
    if (!answer) co_return error_response(answer.error());
    co_return std::move(*answer);
  } catch (const std::exception& error) {
    log_.error("administration failed", {{"http.request.uri", request.target}, {"reason", error.what()}});
    failure = std::current_exception();
  }
  co_return failure_response(failure);
}

}  // namespace berth
