#include "api/pipeline.h"

#include <fmt/format.h>

#include <utility>

#include "api/error_response.h"
#include "base/failure.h"

namespace berth {

namespace {

http::Response not_found() {
  return http::Response::text(404, "text/plain; charset=utf-8", "404 page not found\n");
}

http::Response options_response(const Route& route) {
  http::Response response = http::Response::empty(200);
  response.headers.add("Allow", route.allow());
  return response;
}

http::Response wrong_method(const Route& route) {
  http::Response response = http::Response::text(405, "text/plain; charset=utf-8", "Method not allowed\n");
  response.headers.add("Allow", route.allow());
  return response;
}

// To the same target with or without its last slash. 301 turns a POST into a GET for most clients, 308 does not.
http::Response redirect(const http::Request& request) {
  const std::size_t query = request.target.find('?');
  std::string path = request.target.substr(0, query);
  if (path.ends_with('/')) {
    path.pop_back();
  } else {
    path += '/';
  }
  if (query != std::string::npos) path += request.target.substr(query);
  const bool is_read = request.method == http::Method::get || request.method == http::Method::head;
  http::Response response = http::Response::empty(is_read ? 301 : 308);
  response.headers.add("Location", std::move(path));
  return response;
}

bool changes_something(Action action) {
  return action == Action::push || action == Action::remove;
}

bool is_read(http::Method method) {
  return method == http::Method::get || method == http::Method::head;
}

}  // namespace

Pipeline::Pipeline(ApiParts api, const Clock& clock, Log& log, Metrics& metrics)
    : api_(api), clock_(clock), log_(log), routes_(api.options.prefix), metrics_(metrics, all_routes()) {}

Task<http::Response> Pipeline::answer(http::Request& request) {
  const MonotonicTime started = clock_.monotonic();
  const std::optional<RouteMatch> match = routes_.match(request.path);
  http::Response response;
  if (match) {
    RequestMetrics::Scope scope(metrics_, *match->route, request.method);
    response = co_await run(*match, request);
    // Only here: answers to paths that nobody serves do not get the operator's fields (as in Distribution).
    for (const auto& [name, values] : api_.options.headers) {
      for (const std::string& value : values) response.headers.add(name, value);
    }
    scope.finish(request, response,
                 std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic() - started));
  } else {
    response = not_found();
  }
  // On every answer, errors and probes too: what a user reports can be found in the log.
  response.headers.set("X-Request-Id", request.request_id);
  // On everything that comes from the application: clients recognise a registry by it, also from a 404 or 401.
  if (!match || match->route->is_application) {
    response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  }
  co_return response;
}

Task<http::Response> Pipeline::run(const RouteMatch& match, http::Request& request) {
  const Route& route = *match.route;
  // First, since whatever else is wrong, the client would ask the other path next.
  if (match.needs_redirect) co_return redirect(request);
  // Before access control will stand here: what a resource can do is no secret, and preflights carry no credentials.
  if (request.method == http::Method::options) co_return options_response(route);
  const MethodRoute* method = route.find(request.method);
  if (method == nullptr) co_return wrong_method(route);
  // Before the name is looked at: a read-only registry has no such methods, whatever they are for. The status of an
  // upload is part of pushing, but reads.
  if (api_.registry.policy.is_read_only && changes_something(method->action) && !is_read(request.method)) {
    http::Response response =
        error_response({.code = ErrorCode::read_only,
                        .message = "the registry is read-only: storage.maintenance.readonly.enabled is set"});
    response.headers.add("Allow", "GET, HEAD");
    co_return response;
  }
  Exchange exchange{.request = request, .repository = {}, .parameter = match.parameter};
  // Parsed once, here: no handler holds a string for a repository.
  if (!match.name.empty()) {
    Result<RepositoryName> name = RepositoryName::parse(match.name);
    if (!name) co_return error_response(name.error());
    exchange.repository = std::move(*name);
  }
  http::Response response = co_await guard(method->handler, exchange);
  // RFC 9110, 15.5.6: a 405 always says what is allowed, also when a rule refuses (deletes are off, a blob is in use).
  if (response.status == 405 && !response.headers.contains("Allow")) {
    response.headers.add("Allow", route.allow(request.method));
  }
  co_return response;
}

// Around the handler alone: what goes wrong in it must not cost the answer its fields.
Task<http::Response> Pipeline::guard(RouteHandler handler, Exchange& exchange) {
  std::exception_ptr failure;
  try {
    Answer answer = co_await handler(api_, exchange);
    if (!answer) co_return error_response(answer.error());
    co_return std::move(*answer);
  } catch (...) {
    failure = std::current_exception();
  }
  log_failure(exchange.request, failure);
  co_return failure_response(failure);
}

void Pipeline::log_failure(const http::Request& request, const std::exception_ptr& failure) {
  LogLevel level = LogLevel::error;
  std::string reason = "not a known exception";
  try {
    std::rethrow_exception(failure);
  } catch (const Failure& known) {
    reason = known.what();
    const FailureKind kind = known.kind();
    if (kind == FailureKind::interrupted || kind == FailureKind::body_malformed) level = LogLevel::info;
    if (kind == FailureKind::body_too_large || kind == FailureKind::overloaded) level = LogLevel::warn;
  } catch (const std::exception& unknown) {
    reason = unknown.what();
  } catch (...) {
    // Stays what it is.
  }
  if (!log_.is_enabled(level)) return;
  log_.write(level, "request failed",
             {{"http.request.id", request.request_id},
              {"http.request.method", request.method_text},
              {"http.request.uri", request.target},
              {"http.request.remoteaddr", request.peer_address},
              {"reason", reason}});
}

}  // namespace berth
