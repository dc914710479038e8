#include "api/challenge.h"

#include <utility>

namespace berth {
namespace {

constexpr std::string_view kField = "WWW-Authenticate";

// A quoted-string (RFC 9110, 5.6.4). What is not printable cannot stand in one.
std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') continue;
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

Challenges::Challenges(ChallengeOptions options, const Locations& locations)
    : options_(std::move(options)), locations_(locations) {}

void Challenges::add(http::Response& response, const http::Request& request, std::string_view scope,
                     std::string_view error) const {
  if (options_.bearer) {
    // The order of the parameters is Distribution's.
    std::string value = "Bearer realm=" + in_quotes(realm_of(*options_.bearer, request)) +
                        ",service=" + in_quotes(options_.bearer->service);
    if (!scope.empty()) value += ",scope=" + in_quotes(scope);
    if (!error.empty()) value += ",error=" + in_quotes(error);
    response.headers.add(std::string(kField), std::move(value));
  }
  if (options_.basic_realm)
    response.headers.add(std::string(kField), "Basic realm=" + in_quotes(*options_.basic_realm));
  // A 401 needs a challenge, and there is none for certificates. Clients leave out a scheme that they do not know and
  // go on as nobody; "Basic" would make them ask for a password that nobody takes.
  if (!options_.bearer && !options_.basic_realm) response.headers.add(std::string(kField), "ClientCertificate");
}

void Challenges::add_login(http::Response& response) const {
  response.headers.add(std::string(kField), "Basic realm=" + in_quotes(options_.login_realm));
}

std::string Challenges::realm_of(const BearerChallenge& bearer, const http::Request& request) const {
  if (!bearer.realm.empty()) return bearer.realm;
  const std::string path = bearer.is_below_prefix ? locations_.path(bearer.path) : bearer.path;
  return locations_.origin(request, bearer.assumes_https ? "https" : "") + path;
}

}  // namespace berth
