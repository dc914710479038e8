// Api: the registry's HTTP face. Composition only; the table of routes is routes.cpp, the order of checks pipeline.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/answer_cache.h"
#include "api/certificate_user.h"
#include "api/challenge.h"
#include "api/client_address.h"
#include "api/cors.h"
#include "api/rate_limits.h"
#include "auth/access_control.h"
#include "auth/token_service.h"
#include "base/clock.h"
#include "http/response.h"
#include "observe/health.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "registry/registry.h"
#include "registry/repository_gate.h"

namespace berth {

struct AdminParts;
class AliasBook;

struct ApiOptions {
  std::string host;          ///< http.host, "scheme://host[:port]"; empty: from the request
  std::string prefix = "/";  ///< http.prefix, begins and ends with "/"
  bool has_relative_urls = false;
  /// Added to the answers of routes that match (http.headers).
  std::vector<std::pair<std::string, std::vector<std::string>>> headers = {};
  std::size_t catalog_entries = 1000;               ///< ?n= above it is 400 (catalog.maxentries)
  std::size_t catalog_default = 100;                ///< without ?n=
  std::size_t tag_entries = 1000;                   ///< ?n= above it is clamped to it (tags.maxtags)
  std::size_t tag_page = 1000;                      ///< read from the store at a time when all are asked for
  std::uint64_t referrers_bytes = 4 * 1024 * 1024;  ///< of one page of referrers
  AnswerCacheOptions answers = {};                  ///< cache.answers
  ChallengeOptions challenges = {};                 ///< auth
  CertificateUser certificate_user = {};            ///< auth.certificate
  ClientAddressOptions client_addresses = {};       ///< http.trustedproxies
  CorsOptions cors = {};                            ///< http.cors
  RateLimitOptions rate_limits = {};                ///< ratelimit
};

/// What the registry's face can do without. Lifetime: outlives the Api.
struct ApiExtras {
  const AdminParts* admin = nullptr;       ///< null: no admin API
  Budgets* budgets = nullptr;              ///< null: no rate limits, whatever the options say
  const AliasBook* aliases = nullptr;      ///< null: no repository has an old name
  PullTimes* pulls = nullptr;              ///< null: nobody wants to know when what was pulled
  RepositoryGate* repositories = nullptr;  ///< null: all of them are on record
};

/// Who may do what, and the token service if Berth is one.
struct ApiAccess {
  AccessControl& control;
  TokenService* tokens = nullptr;
};

/// Threading: the handler is called on the connections' loops.
/// Lifetime:  outlives the server it is given to; what comes in outlives the Api.
class Api {
 public:
  /// `changes` are counted by the metadata store that `registry` works on.
  Api(Registry& registry, const ChangeNumbers& changes, ApiAccess access, ApiOptions options, const Health& health,
      const Clock& clock, Log& log, Metrics& metrics, ApiExtras extras = {});
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  http::Handler handler();
  http::QuickHandler quick_handler();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct DebugApiOptions {
  std::string metrics_path = {};  ///< empty: no metrics
};

/// The operator's listener: /debug/health, /livez, /readyz and the metrics. Plain and without access control, as
/// Distribution's.
class DebugApi {
 public:
  DebugApi(const Health& health, const Metrics& metrics, DebugApiOptions options);

  http::Handler handler();

 private:
  Task<http::Response> answer(http::Request& request) const;

  const Health& health_;
  const Metrics& metrics_;
  const DebugApiOptions options_;
};

}  // namespace berth
