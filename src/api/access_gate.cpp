#include "api/access_gate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "auth/authorization_field.h"
#include "content/printable.h"

namespace berth {
namespace {

constexpr std::string_view kField = "Authorization";
constexpr std::string_view kEmptyBasic = "Basic Og==";

std::optional<AccessAction> access_action(Action action) {
  switch (action) {
    case Action::open:
    case Action::log_in:
    case Action::base:
      return std::nullopt;
    case Action::pull:
      return AccessAction::pull;
    case Action::push:
      return AccessAction::push;
    case Action::remove:
      return AccessAction::remove;
    case Action::list_catalog:
      return AccessAction::catalog;
    case Action::administer:
      return AccessAction::admin;
  }
  return std::nullopt;
}

/// What a token would have to be for, as Distribution says it: who pushes has to look whether layers are there, too.
std::vector<WantedAccess> wanted_accesses(Action action, const std::string& repository, const http::Request& request) {
  const auto of_repository = [&repository](std::string_view what) {
    return WantedAccess{.type = "repository", .name = repository, .action = std::string(what)};
  };
  std::vector<WantedAccess> wanted;
  switch (action) {
    case Action::open:
    case Action::log_in:
    case Action::base:
      break;
    case Action::pull:
      wanted = {of_repository("pull")};
      break;
    case Action::push: {
      wanted = {of_repository("pull"), of_repository("push")};
      const auto from = request.query.find("from");
      if (!from || request.method != http::Method::post) break;
      if (const Result<RepositoryName> source = RepositoryName::parse(*from)) {
        wanted.push_back({.type = "repository", .name = source->text(), .action = "pull"});
      }
      break;
    }
    case Action::remove:
      wanted = {of_repository("delete")};
      break;
    case Action::list_catalog:
      wanted = {{.type = "registry", .name = "catalog", .action = "*"}};
      break;
    case Action::administer:
      wanted = {{.type = "registry", .name = "admin", .action = "*"}};
      break;
  }
  return wanted;
}

/// `repository:a/b:pull,push repository:c:pull`
std::string scope_of(const std::vector<WantedAccess>& wanted) {
  std::string scope;
  const WantedAccess* before = nullptr;
  for (const WantedAccess& access : wanted) {
    if (before != nullptr && before->type == access.type && before->name == access.name) {
      scope += ',';
    } else {
      if (before != nullptr) scope += ' ';
      scope += access.type + ":" + access.name + ":";
    }
    scope += access.action;
    before = &access;
  }
  return scope;
}

/// The tags that a push or delete of a manifest names: all of them have to be allowed.
std::vector<std::string_view> tags_of(const http::Request& request, Action action, std::string_view reference) {
  std::vector<std::string_view> tags;
  if (reference.empty() || (action != Action::push && action != Action::remove)) return tags;
  // A ":" makes it a digest.
  if (reference.find(':') == std::string_view::npos) tags.push_back(reference);
  for (const std::string_view tag : request.query.find_all("tag")) tags.push_back(tag);
  return tags;
}

bool is_allowed(const Caller& caller, AccessRequest request, const std::vector<std::string_view>& tags,
                AccessDecision& decision) {
  if (tags.empty()) {
    decision = caller.decide(request);
    return decision.is_allowed;
  }
  for (const std::string_view tag : tags) {
    request.tag = tag;
    decision = caller.decide(request);
    if (!decision.is_allowed) return false;
  }
  return true;
}

http::Response too_many_logins(const Authentication& blocked) {
  http::Response response = error_response({.code = ErrorCode::too_many_requests, .message = "too many failed logins"});
  response.headers.add("Retry-After", std::to_string(std::max<std::int64_t>(blocked.retry_after.count(), 1)));
  return response;
}

}  // namespace

AccessGate::AccessGate(AccessControl& access, const Challenges& challenges, CertificateUser certificate_user, Log& log,
                       Metrics& metrics)
    : access_(access),
      challenges_(challenges),
      certificate_user_(certificate_user),
      log_(log),
      refused_logins_(metrics.counter("berth_refused_logins_total", "Requests with credentials that are wrong.")),
      refused_accesses_(
          metrics.counter("berth_refused_accesses_total", "Requests of known callers that the rules do not allow.")),
      nobody_(std::make_shared<const Identity>()) {}

std::shared_ptr<const Identity> AccessGate::known_at_once(const http::RequestView& request) const {
  const std::string_view* field = nullptr;
  for (const auto& [name, value] : request.fields) {
    if (!equals_ignoring_case(name, kField)) continue;
    if (field != nullptr) return nullptr;
    field = &value;
  }
  if (field != nullptr && !field->empty() && *field != kEmptyBasic) return access_.known_by_field(*field);
  const std::string_view user = user_of(request.certificate, certificate_user_);
  return user.empty() ? nobody_ : access_.known_by_certificate(user);
}

bool AccessGate::admits_at_once(const http::RequestView& request, const NeededAccess& needed,
                                std::shared_ptr<const Identity>& who) const {
  if (!access_.is_on() || needed.action == Action::open) {
    who = nobody_;
    return true;
  }
  who = known_at_once(request);
  if (!who) return false;
  if (needed.action == Action::base) {
    if (!who->is_proved()) return false;
  } else {
    const std::shared_ptr<const AccessPolicy> policy = access_.policy();
    if (!policy->allows(*who, {.action = *access_action(needed.action), .repository = needed.repository})) return false;
    // What is kept of the catalog is what somebody saw who sees everything.
    if (needed.action == Action::list_catalog && !policy->sees_everything(*who)) return false;
  }
  return true;
}

Task<AccessGate::Login> AccessGate::log_in(const http::Request& request, Action action) {
  std::shared_ptr<const AccessPolicy> policy = access_.policy();
  if (!access_.is_on()) co_return Login{.caller = Caller::unrestricted(std::move(policy))};
  if (action == Action::open) co_return Login{.caller = Caller::known(nobody_, std::move(policy))};
  const std::vector<std::string_view> fields = request.headers.find_all(kField);
  Authentication found = Authentication::accept(nullptr);
  if (fields.size() > 1) {
    // Two of them are how one program in a row is made to see another caller than the next.
    found = Authentication::refuse("the request has more than one Authorization field");
  } else if (!fields.empty()) {
    found = co_await access_.check_field(std::string(fields.front()), request.peer_address);
  }
  // Whoever says nothing in the request has perhaps shown a certificate before.
  const std::string_view certified = user_of(request.certificate.get(), certificate_user_);
  if (found.outcome == Authentication::Outcome::accepted && !found.identity && !certified.empty()) {
    found = co_await access_.check_certificate(std::string(certified), request.peer_address);
  }
  // A token for a token would never end.
  const bool is_token = found.identity && found.identity->proof == Proof::token;
  if (action == Action::log_in && is_token) found = Authentication::refuse("a token is no login");
  if (found.outcome == Authentication::Outcome::accepted) {
    co_return Login{.caller = Caller::known(found.identity ? found.identity : nobody_, std::move(policy))};
  }
  if (action != Action::log_in) {
    refused_logins_.add();
    log_refused_login(found, request);
  }
  co_return Login{.caller = Caller::known(nobody_, std::move(policy)), .refused = std::move(found)};
}

std::optional<http::Response> AccessGate::refuse(const Login& login, const http::Request& request, Action action,
                                                 const std::optional<RepositoryName>& repository,
                                                 const std::optional<RepositoryName>& asked,
                                                 std::string_view reference) {
  if (action == Action::log_in) {
    return login.refused ? std::optional(refuse_grant(*login.refused, request)) : std::nullopt;
  }
  const std::string name = asked ? asked->text() : std::string();
  if (login.refused) return refuse_login(*login.refused, request, wanted_accesses(action, name, request));
  const Caller& caller = login.caller;
  if (caller.is_unrestricted() && action == Action::administer) {
    return error_response(
        {.code = ErrorCode::denied,
         .message = "without auth nobody is known to be an administrator: use the program's commands"});
  }
  if (caller.is_unrestricted() || action == Action::open) return std::nullopt;
  const Identity& who = caller.identity();
  AccessDecision decision;
  if (const std::optional<AccessAction> wanted_action = access_action(action)) {
    const std::string_view real = repository ? std::string_view(repository->text()) : std::string_view();
    const AccessRequest access{.action = *wanted_action, .repository = real, .alias = name};
    if (is_allowed(caller, access, tags_of(request, action, reference), decision)) return std::nullopt;
  } else if (who.is_proved()) {
    return std::nullopt;
  }
  if (who.is_proved()) {
    refused_accesses_.add();
    log_.info("access denied", {{"http.request.id", request.request_id},
                                {"auth.user.name", printable(who.name)},
                                {"http.request.method", request.method_text},
                                {"http.request.uri", printable(request.target)},
                                {"http.request.remoteaddr", request.peer_address},
                                {"reason", AccessPolicy::explain(decision)}});
  }
  const std::vector<WantedAccess> wanted = wanted_accesses(action, name, request);
  if (who.is_proved() && who.proof != Proof::token) return denied_response(wanted);
  http::Response response = unauthorized_response({}, wanted);
  challenges_.add(response, request, scope_of(wanted), who.proof == Proof::token ? "insufficient_scope" : "");
  return response;
}

std::optional<http::Response> AccessGate::refuse_nameless(const Login& login, const http::Request& request) {
  if (login.refused) return refuse_login(*login.refused, request, {});
  if (login.caller.is_unrestricted() || login.caller.identity().is_proved()) return std::nullopt;
  http::Response response = unauthorized_response({}, {});
  challenges_.add(response, request, {}, {});
  return response;
}

http::Response AccessGate::refuse_login(const Authentication& refused, const http::Request& request,
                                        const std::vector<WantedAccess>& wanted) {
  if (refused.outcome == Authentication::Outcome::blocked) return too_many_logins(refused);
  // What is wrong with a token helps whoever sent it; what is wrong with a password would help whoever guesses.
  http::Response response = unauthorized_response(refused.is_about_token ? refused.reason : std::string(), wanted);
  challenges_.add(response, request, scope_of(wanted), refused.is_about_token ? "invalid_token" : "");
  return response;
}

Task<Authentication> AccessGate::check_password(std::string user, std::string password, const http::Request& request) {
  Authentication found =
      co_await access_.check({.what = BasicCredentials{.user = std::move(user), .password = std::move(password)},
                              .peer_address = request.peer_address});
  co_return found;
}

http::Response AccessGate::refuse_grant(const Authentication& refused, const http::Request& request) {
  refused_logins_.add();
  log_refused_login(refused, request);
  if (refused.outcome == Authentication::Outcome::blocked) return too_many_logins(refused);
  http::Response response = unauthorized_response({}, {});
  challenges_.add_login(response);
  return response;
}

void AccessGate::log_refused_login(const Authentication& refused, const http::Request& request) {
  log_.warn("authentication failed", {{"http.request.id", request.request_id},
                                      {"auth.user.name", printable(refused.claimed_name)},
                                      {"http.request.remoteaddr", request.peer_address},
                                      {"http.request.method", request.method_text},
                                      {"http.request.uri", printable(request.target)},
                                      {"reason", refused.reason}});
}

}  // namespace berth
