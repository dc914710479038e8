#include "api/pipeline.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "api/accepted_types.h"
#include "api/error_response.h"
#include "base/failure.h"
#include "http/response_head.h"
#include "registry/alias_book.h"

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

http::Response refuse_write(const ReadOnlyMode& mode) {
  const char* why = mode.is_configured() ? "the registry is read-only: storage.maintenance.readonly.enabled is set"
                                         : "the registry is read-only: an administrator has switched it so";
  http::Response response = error_response({.code = ErrorCode::read_only, .message = why});
  response.headers.add("Allow", "GET, HEAD");
  return response;
}

/// It said that something is not there.
bool is_about_absence(const Answer& answer) {
  if (answer) return false;
  const ErrorCode code = answer.error().code;
  return code == ErrorCode::name_unknown || code == ErrorCode::manifest_unknown || code == ErrorCode::blob_unknown;
}

constexpr std::string_view kManifestLabel = "manifest";

PullCount pull_count_of(const RouteMatch& match, const http::Request& request) {
  if (match.route->label != kManifestLabel) return PullCount::none;
  if (request.method == http::Method::get) return PullCount::take;
  return request.method == http::Method::head ? PullCount::look : PullCount::none;
}

/// Of the answer's body; streams, whose length nobody knows, count for nothing.
std::uint64_t sent_bytes(const http::Request& request, const http::Response& response) {
  const auto* pieces = std::get_if<http::BodyPieces>(&response.body);
  if (request.method == http::Method::head || pieces == nullptr) return 0;
  std::uint64_t sum = 0;
  for (const ByteSource& piece : *pieces) sum += piece.size();
  return sum;
}

bool is_read(http::Method method) {
  return method == http::Method::get || method == http::Method::head;
}

}  // namespace

Pipeline::Pipeline(ApiParts api, AnswerCache& answers, RateLimits* limits, const Clock& clock, Log& log,
                   Metrics& metrics)
    : api_(api),
      answers_(answers),
      clock_(clock),
      log_(log),
      routes_(api.options.prefix),
      gate_(api.gate),
      clients_(api.options.client_addresses),
      cors_(api.options.cors),
      limits_(limits),
      metrics_(metrics, all_routes()),
      cache_misses_(metrics.counter("berth_answer_cache_misses_total", "Requests whose answer was not in memory.")) {}

http::QuickAnswer Pipeline::answer_at_once(const http::RequestView& request) {
  std::shared_ptr<const CachedAnswer> cached = answers_.find(request.target);
  if (!cached) return {};
  // Before anything of the answer leaves: what is kept does not say for whom.
  std::shared_ptr<const Identity> who;
  if (!gate_.admits_at_once(request, cached->needed, who)) return {};
  const bool is_head = request.method == http::Method::head;
  if (!is_head && !cached->has_body) return {};
  // A HEAD promises that what it names stays, so the stored promise must have enough left (data.md 5).
  if (is_head && clock_.now() > cached->promise_fresh_until) return {};
  if (cached->depends_on_health && !api_.health.is_healthy()) return {};
  if (cached->depends_on_accept && wants_single_image(request.fields)) return {};
  // What is kept was made for no page.
  if (cors_.is_on() && request.find("Origin")) return {};
  const FileRegion* file = cached->prepared.body.file();
  if (!is_head && file != nullptr && !is_whole(*file)) {
    // Damaged since it was opened: the long way looks at it and marks it (data.md 6).
    answers_.forget(request.target);
    return {};
  }
  const std::optional<IpAddress> forwarded = clients_.forwarded_for(request.peer_address, request.fields);
  // The last, since what is taken here is not given back.
  if (limits_ != nullptr && !admits_at_once(request, *cached, *who, forwarded)) return {};
  if (cached->pull && (!is_head || api_.pulls->counts_head())) cached->pull->touch();
  metrics_.count_quick(cached->metrics_index, request.method, cached->prepared.status, cached->prepared.body.size());
  const http::PreparedAnswer* prepared = &cached->prepared;
  http::QuickAnswer answer{.prepared = std::shared_ptr<const http::PreparedAnswer>(std::move(cached), prepared)};
  if (who->has_name()) answer.user = std::shared_ptr<const std::string>(who, &who->name);
  if (forwarded) answer.client_address = forwarded->text();
  return answer;
}

bool Pipeline::admits_at_once(const http::RequestView& request, const CachedAnswer& cached, const Identity& who,
                              const std::optional<IpAddress>& forwarded) {
  if (cached.needed.action == Action::open) return true;
  const bool is_head = request.method == http::Method::head;
  const RateOwner owner{.kind = who.kind,
                        .name = who.name,
                        .address = forwarded ? forwarded : IpAddress::parse_endpoint(request.peer_address),
                        .repository = cached.needed.repository};
  const PullCount pull = !cached.is_manifest ? PullCount::none : is_head ? PullCount::look : PullCount::take;
  return limits_->admit_at_once(owner, pull, is_head ? 0 : cached.prepared.body.size());
}

Task<http::Response> Pipeline::answer(http::Request& request) {
  const MonotonicTime started = clock_.monotonic();
  // First, since everything that asks who the client is means him and not the proxy in between.
  if (const std::optional<IpAddress> client = clients_.forwarded_for(request.peer_address, request.headers)) {
    request.peer_address = client->text();
  }
  const std::optional<RouteMatch> match = routes_.match(request.path);
  http::Response response;
  if (match) {
    RequestMetrics::Scope scope(metrics_, *match->route, request.method);
    Afterwards afterwards;
    response = co_await run(*match, request, afterwards);
    add_fields(*match, request, afterwards, response);
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

void Pipeline::add_fields(const RouteMatch& match, const http::Request& request, const Afterwards& afterwards,
                          http::Response& response) {
  // Only here: answers to paths that nobody serves do not get the operator's fields (as in Distribution).
  for (const auto& [name, values] : api_.options.headers) {
    for (const std::string& value : values) response.headers.add(name, value);
  }
  // Clients recognise a registry by it, also from a 404 or 401.
  if (match.route->is_application) response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  cors_.add_vary(response);
  // What is the same for everybody ends here; what follows is for this caller.
  if (afterwards.keep) keep(match, request, response, *afterwards.keep);
  if (afterwards.receipt) {
    const Receipt& receipt = *afterwards.receipt;
    limits_->settle(receipt.owner(), receipt.pull, sent_bytes(request, response), response);
  }
  if (cors_.is_on()) cors_.add_fields(request, response);
}

RateOwner Pipeline::Receipt::owner() const {
  const Identity& who = caller.identity();
  return {.kind = who.kind, .name = who.name, .address = address, .repository = repository};
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
  answers_.keep(request.target,
                {.prepared = std::move(*prepared),
                 .marks = how.marks,
                 .needed = {.action = match.route->find(request.method)->action, .repository = match.name},
                 .is_manifest = match.route->label == kManifestLabel,
                 .metrics_index = metrics_.index_of(*match.route),
                 .has_body = how.has_body,
                 .promise_fresh_until = how.promise_fresh_until,
                 .depends_on_accept = how.depends_on_accept,
                 .depends_on_health = how.depends_on_health,
                 .pull = how.pull});
}

// The order of checks, and why it is this one. The request's id and the access log's line come from the connection,
// before and after all of it; limits on heads, targets and time are the connection's too, since they must hold for what
// is no request yet.
Task<http::Response> Pipeline::run(const RouteMatch& match, http::Request& request, Afterwards& afterwards) {
  const Route& route = *match.route;
  // First, since whatever else is wrong, the client would ask the other path next.
  if (match.needs_redirect) co_return redirect(request);
  // Before anybody is asked who he is: what a resource can do is no secret, and preflights carry no credentials.
  if (request.method == http::Method::options) {
    http::Response response = options_response(route);
    if (cors_.is_on()) cors_.add_preflight_fields(request, route.allow(), response);
    co_return response;
  }
  const MethodRoute* method = route.find(request.method);
  if (method == nullptr) co_return wrong_method(route);
  // A read-only registry has no such methods, whatever they are for and whoever asks. The status of an upload is part
  // of pushing, but reads.
  std::optional<ReadOnlyMode::WriteTurn> turn;
  if (changes_something(method->action) && !is_read(request.method)) {
    if (std::optional<ReadOnlyMode::WriteTurn> begun = api_.registry.read_only.begin_write()) {
      turn.emplace(*std::move(begun));
    } else {
      co_return refuse_write(api_.registry.read_only);
    }
  }
  http::Response response;
  std::exception_ptr failure;
  try {
    response = co_await answer_known(match, *method, request, afterwards);
  } catch (...) {
    failure = std::current_exception();
  }
  // Only here, so that what goes wrong does not cost the answer its fields.
  if (failure) {
    log_failure(request, failure);
    response = failure_response(failure);
  }
  // RFC 9110, 15.5.6: a 405 always says what is allowed, also when a rule refuses (deletes are off, a blob is in use).
  if (response.status == 405 && !response.headers.contains("Allow")) {
    response.headers.add("Allow", route.allow(request.method));
  }
  co_return response;
}

Task<http::Response> Pipeline::answer_known(const RouteMatch& match, const MethodRoute& method, http::Request& request,
                                            Afterwards& afterwards) {
  // Authentication, before the name is looked at: who is nobody learns nothing, not even what a name may look like.
  AccessGate::Login login = co_await gate_.log_in(request, method.action);
  const std::string user = login.caller.name();
  // Parsed once, here: no handler holds a string for a repository.
  std::optional<RepositoryName> asked;
  std::optional<RepositoryName> repository;
  const std::uint64_t names_generation = api_.aliases == nullptr ? 0 : api_.aliases->generation();
  if (!match.name.empty()) {
    Result<RepositoryName> name = RepositoryName::parse(match.name);
    if (!name) {
      std::optional<http::Response> refused = gate_.refuse_nameless(login, request);
      co_return refused ? std::move(*refused) : error_response(name.error());
    }
    repository = real_name(api_, *name);
    asked = std::move(*name);
  }
  // Authorisation, before anything is read: a refusal is the same whether there is such a repository or not.
  const std::string_view reference = match.route->is_of_manifest() ? std::string_view(match.parameter) : "";
  std::optional<http::Response> refused = gate_.refuse(login, request, method.action, repository, asked, reference);
  if (refused) {
    refused->user = user;
    co_return std::move(*refused);
  }
  if (method.action == Action::push && !api_.registry.names.takes_pushes_to(*repository)) {
    http::Response response =
        error_response({.code = ErrorCode::denied,
                        .message = "the registry takes no pushes to this name (middleware.registry)",
                        .subjects = {repository->text()}});
    response.user = user;
    co_return response;
  }
  // Limits on what a caller may ask for in a time: they need to know who he is, and must not count what he was not
  // allowed to do. Probes are nobody's.
  if (limits_ != nullptr && match.route->is_application) {
    const Receipt receipt{.caller = login.caller,
                          .address = IpAddress::parse_endpoint(request.peer_address),
                          .repository = match.name,
                          .pull = pull_count_of(match, request)};
    if (const std::optional<RateRefusal> refusal = limits_->admit(receipt.owner(), receipt.pull)) {
      http::Response response = limits_->refuse(receipt.owner(), *refusal);
      response.user = user;
      co_return response;
    }
    afterwards.receipt = receipt;
  }
  // Then what has to be waited for: the records of the repository, while a volume is adopted. What is not read yet must
  // not be answered as if it was not there.
  if (repository && api_.repositories != nullptr && api_.repositories->is_watching()) {
    const auto use = method.action == Action::push ? RepositoryGate::Use::push : RepositoryGate::Use::read;
    const bool is_admitted = co_await api_.repositories->admit(*repository, use);
    if (!is_admitted) {
      http::Response response =
          error_response({.code = ErrorCode::overloaded,
                          .message = "the records of this repository are still being read from the volume: try again",
                          .subjects = {repository->text()}});
      response.user = user;
      co_return response;
    }
  }
  Exchange exchange{.request = request,
                    .caller = login.caller,
                    .repository = std::move(repository),
                    .alias = std::move(asked),
                    .parameter = match.parameter,
                    .parent = match.parent};
  Answer answer = co_await handle(method, exchange);
  if (api_.aliases != nullptr && exchange.repository && is_read(request.method) && is_about_absence(answer)) {
    // It may have been looked for under the name that it had a moment ago, or will have in a moment.
    const std::optional<RepositoryName> renamed =
        co_await find_renamed(exchange.asked_name(), exchange.name(), names_generation);
    if (renamed && !gate_.refuse(login, request, method.action, renamed, exchange.alias, reference)) {
      exchange.repository = renamed;
      answer = co_await handle(method, exchange);
    }
  }
  // What is kept is looked at for the name in the path.
  if (!exchange.repository || exchange.asked_name() == exchange.name()) afterwards.keep = exchange.keep;
  http::Response response = answer ? std::move(*answer) : error_response(answer.error());
  if (response.user.empty()) response.user = user;
  co_return response;
}

Task<std::optional<RepositoryName>> Pipeline::find_renamed(RepositoryName asked, RepositoryName resolved,
                                                           std::uint64_t generation) {
  constexpr std::chrono::milliseconds kStep{2};
  constexpr int kMostSteps = 1000;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (int i = 0; i < kMostSteps && api_.aliases->generation() % 2 != 0; ++i) {
    timer.expires_after(kStep);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  if (api_.aliases->generation() == generation) co_return std::nullopt;
  RepositoryName now = api_.aliases->resolve(asked);
  if (now == resolved) co_return std::nullopt;
  co_return now;
}

Task<Answer> Pipeline::handle(const MethodRoute& method, Exchange& exchange) {
  if (method.admin == nullptr) {
    Answer answer = co_await method.handler(api_, exchange);
    co_return answer;
  }
  if (api_.admin == nullptr) co_return not_found();
  Answer answer = co_await method.admin(*api_.admin, exchange);
  co_return answer;
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
