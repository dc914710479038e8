// Challenges: how a 401 tells clients to log in (RFC 9110, 11.6.1; Docker's token authentication specification).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/location.h"
#include "http/response.h"

namespace berth {

struct BearerChallenge {
  /// The token service's URL; empty: the registry's own address as the client sees it, with `path` below.
  std::string realm = {};
  std::string path = {};
  /// Without a proxy's word the client came by https (auth.token.autoredirect, as in Distribution).
  bool assumes_https = false;
  /// `path` stands below http.prefix.
  bool is_below_prefix = false;
  std::string service;
};

struct ChallengeOptions {
  std::optional<BearerChallenge> bearer = {};
  std::optional<std::string> basic_realm = {};
  /// Of Berth's own token service, where a name and a password are exchanged for tokens.
  std::string login_realm = {};
};

/// Threading: any thread. Lifetime: the locations outlive it.
class Challenges {
 public:
  Challenges(ChallengeOptions options, const Locations& locations);

  /// Adds a WWW-Authenticate line for each way there is, Bearer first: clients that take the first they know must find
  /// the better one. `scope` is what the request needs ("repository:team/app:pull"), `error` why a token was not enough
  /// ("invalid_token", "insufficient_scope"); both may be empty. Without any way there are only client certificates.
  void add(http::Response& response, const http::Request& request, std::string_view scope,
           std::string_view error) const;

  /// What the token service itself asks for: a name and a password.
  void add_login(http::Response& response) const;

 private:
  std::string realm_of(const BearerChallenge& bearer, const http::Request& request) const;

  const ChallengeOptions options_;
  const Locations& locations_;
};

}  // namespace berth
