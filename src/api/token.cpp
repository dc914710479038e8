// Berth's own token service: Docker's token API (GET), its OAuth2 form (POST), and the keys for those who check tokens.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/access_gate.h"
#include "api/error_response.h"
#include "api/handlers.h"
#include "api/json_text.h"
#include "api/request_body.h"
#include "auth/token_service.h"
#include "registry/registry.h"

namespace berth {

namespace {

constexpr std::uint64_t kLargestForm = 64 * 1024;

http::Response not_served() {
  return http::Response::text(404, "text/plain; charset=utf-8", "404 page not found\n");
}

/// What both forms of the question have in common.
struct Question {
  std::string service;
  std::vector<TokenScope> scopes;
  bool wants_refresh = false;
};

Question read_question(const http::Query& fields) {
  Question question;
  question.service = fields.find("service").value_or("");
  std::string scopes;
  for (const std::string_view scope : fields.find_all("scope")) scopes += std::string(scope) + " ";
  question.scopes = parse_token_scopes(scopes);
  question.wants_refresh = fields.find("offline_token") == "true" || fields.find("access_type") == "offline";
  return question;
}

std::string rfc3339(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)));
}

http::Response token_response(const IssuedToken& issued, const std::optional<std::string>& refresh_token) {
  std::string json = R"({"token":)";
  append_json_string(json, issued.token);
  json += R"(,"access_token":)";
  append_json_string(json, issued.token);
  json += R"(,"expires_in":)" + std::to_string(issued.lifetime.count());
  json += R"(,"issued_at":)";
  append_json_string(json, rfc3339(issued.issued));
  json += R"(,"token_type":"Bearer","scope":)";
  append_json_string(json, issued.scope);
  if (refresh_token) {
    json += R"(,"refresh_token":)";
    append_json_string(json, *refresh_token);
  }
  http::Response response = http::Response::text(200, "application/json", json + "}\n");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Task<Answer> give_token(const ApiParts& api, std::shared_ptr<const Identity> who, const AccessPolicy& policy,
                        Question question) {
  const IssuedToken issued =
      api.tokens->issue(*who, policy, question.service, question.scopes, [&api](const std::string& name) {
        const Result<RepositoryName> asked = RepositoryName::parse(name);
        return asked ? real_name(api, *asked).text() : name;
      });
  std::optional<std::string> refresh_token;
  if (question.wants_refresh) refresh_token = co_await api.tokens->issue_refresh(who, question.service);
  http::Response response = token_response(issued, refresh_token);
  response.user = who->name;
  co_return response;
}

std::unexpected<Error> unknown_service(const std::string& service) {
  return refuse(ErrorCode::query_invalid, "tokens are not given out for this service", {service});
}

}  // namespace

// The caller is known by the gate, or nobody: he gets a token then for what anybody may do.
Task<Answer> get_token(const ApiParts& api, Exchange& exchange) {
  if (api.tokens == nullptr) co_return not_served();
  Question question = read_question(exchange.request.query);
  if (!api.tokens->serves(question.service)) co_return unknown_service(question.service);
  Answer answer =
      co_await give_token(api, exchange.caller.shared_identity(), exchange.caller.policy(), std::move(question));
  co_return answer;
}

Task<Answer> post_token(const ApiParts& api, Exchange& exchange) {
  if (api.tokens == nullptr) co_return not_served();
  const Result<RequestBody> body = co_await read_manifest_body(exchange.request, kLargestForm, api.registry.buffers);
  if (!body) co_return std::unexpected(body.error());
  const std::optional<http::Query> form = http::Query::parse(body->bytes);
  if (!form) co_return refuse(ErrorCode::query_invalid, "the form is malformed");
  Question question = read_question(*form);
  if (!api.tokens->serves(question.service)) co_return unknown_service(question.service);

  const std::string_view grant = form->find("grant_type").value_or("");
  Authentication found;
  if (grant == "password") {
    const std::string user(form->find("username").value_or(""));
    const std::string password(form->find("password").value_or(""));
    found = co_await api.gate.check_password(user, password, exchange.request);
  } else if (grant == "refresh_token") {
    found = co_await api.tokens->redeem(std::string(form->find("refresh_token").value_or("")), question.service);
  } else {
    co_return refuse(ErrorCode::query_invalid, "grant_type is neither password nor refresh_token");
  }
  if (found.outcome != Authentication::Outcome::accepted) co_return api.gate.refuse_grant(found, exchange.request);
  Answer answer = co_await give_token(api, std::move(found.identity), exchange.caller.policy(), std::move(question));
  co_return answer;
}

Task<Answer> get_token_keys(const ApiParts& api, Exchange&) {
  if (api.tokens == nullptr) co_return not_served();
  http::Response response = http::Response::text(200, "application/json", api.tokens->key_set() + "\n");
  // A new key is there a day before it signs.
  response.headers.add("Cache-Control", "max-age=3600");
  co_return response;
}

}  // namespace berth
