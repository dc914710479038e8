#include "api/pipeline.h"

#include <fmt/format.h>

#include <utility>

#include "api/accepted_types.h"
#include "api/error_response.h"
#include "base/failure.h"
#include "http/response_head.h"

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

Pipeline::Pipeline(ApiParts api, AnswerCache& answers, const Clock& clock, Log& log, Metrics& metrics)
    : api_(api),
      answers_(answers),
      clock_(clock),
      log_(log),
      routes_(api.options.prefix),
      metrics_(metrics, all_routes()),
      cache_misses_(metrics.counter("berth_answer_cache_misses_total", "Requests whose answer was not in memory.")) {}

http::QuickAnswer Pipeline::answer_at_once(const http::RequestView& request) {
  std::shared_ptr<const CachedAnswer> cached = answers_.find(request.target);
  if (!cached) return {};
  // Access control will stand here, before anything of the answer leaves: what is kept does not say for whom.
  const bool is_head = request.method == http::Method::head;
  if (!is_head && !cached->has_body) return {};
  // A HEAD promises that what it names stays, so the stored promise must have enough left (data.md 5).
  if (is_head && clock_.now() > cached->promise_fresh_until) return {};
  if (cached->depends_on_health && !api_.health.is_healthy()) return {};
  if (cached->depends_on_accept && wants_single_image(request.fields)) return {};
  const FileRegion* file = cached->prepared.body.file();
  if (!is_head && file != nullptr && !is_whole(*file)) {
    // Damaged since it was opened: the long way looks at it and marks it (data.md 6).
    answers_.forget(request.target);
    return {};
  }
  metrics_.count_quick(cached->metrics_index, request.method, cached->prepared.status, cached->prepared.body.size());
  const http::PreparedAnswer* prepared = &cached->prepared;
  return {.prepared = std::shared_ptr<const http::PreparedAnswer>(std::move(cached), prepared), .user = nullptr};
}

Task<http::Response> Pipeline::answer(http::Request& request) {
  const MonotonicTime started = clock_.monotonic();
  const std::optional<RouteMatch> match = routes_.match(request.path);
  http::Response response;
  if (match) {
    RequestMetrics::Scope scope(metrics_, *match->route, request.method);
    std::optional<KeepAnswer> how;
    response = co_await run(*match, request, how);
    // Only here: answers to paths that nobody serves do not get the operator's fields (as in Distribution).
    for (const auto& [name, values] : api_.options.headers) {
      for (const std::string& value : values) response.headers.add(name, value);
    }
    // Clients recognise a registry by it, also from a 404 or 401.
    if (match->route->is_application) response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
    if (how) keep(*match, request, response, *how);
    scope.finish(request, response,
                 std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic() - started));
  } else {
    response = not_found();
    response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  }
  // On every answer, errors and probes too: what a user reports can be found in the log.
  response.headers.set("X-Request-Id", request.request_id);
  co_return response;
}

// Only what is asked for plainly: a target with a query that changes nothing would be kept once for each of its forms.
void Pipeline::keep(const RouteMatch& match, const http::Request& request, const http::Response& response,
                    const KeepAnswer& how) {
  cache_misses_.add();
  const bool is_list = match.parameter.empty();
  const bool is_plain = request.target.starts_with('/') && (is_list || request.target.find('?') == std::string::npos);
  if (!answers_.is_enabled() || response.status != 200 || !is_plain) return;
  std::optional<http::PreparedAnswer> prepared = http::prepare_answer(response);
  if (!prepared) return;
  const SharedBytes* memory = prepared->body.memory();
  if (memory != nullptr && memory->size() > answers_.body_limit_bytes()) return;
  answers_.keep(request.target, {.prepared = std::move(*prepared),
                                 .marks = how.marks,
                                 .metrics_index = metrics_.index_of(*match.route),
                                 .has_body = how.has_body,
                                 .promise_fresh_until = how.promise_fresh_until,
                                 .depends_on_accept = how.depends_on_accept,
                                 .depends_on_health = how.depends_on_health});
}

Task<http::Response> Pipeline::run(const RouteMatch& match, http::Request& request, std::optional<KeepAnswer>& keep) {
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
  keep = exchange.keep;
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
