// AccessGate: between a request and its handler: who is it, and may he.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/action.h"
#include "api/caller.h"
#include "api/certificate_user.h"
#include "api/challenge.h"
#include "api/error_response.h"
#include "async/task.h"
#include "auth/access_control.h"
#include "http/quick_answer.h"
#include "http/response.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace berth {

/// Threading: any loop. Lifetime: outlives its requests; what comes in outlives the gate.
class AccessGate {
 public:
  AccessGate(AccessControl& access, const Challenges& challenges, CertificateUser certificate_user, Log& log,
             Metrics& metrics);

  /// For answers that are ready: without waiting and without allocating, from what is remembered of credentials.
  /// False says only that the long way has to decide; else `who` is set.
  bool admits_at_once(const http::RequestView& request, const NeededAccess& needed,
                      std::shared_ptr<const Identity>& who) const;

  /// Whoever sent the request; or the refusal of credentials that are wrong, for refuse_login().
  struct Login {
    Caller caller;
    std::optional<Authentication> refused = {};
  };
  Task<Login> log_in(const http::Request& request, Action action);

  /// A name and password that did not come in the field. Wrong ones are counted and logged as those are.
  Task<Authentication> check_password(std::string user, std::string password, const http::Request& request);
  /// The answer to whoever gave the token service something that is no good.
  http::Response refuse_grant(const Authentication& refused, const http::Request& request);

  /// The answer to a caller who may not; nothing if he may. `reference` is the tag or digest of a path to a manifest.
  /// A caller who is nobody, or whose token is not enough, gets 401 and where to get a better one; one who has shown a
  /// password or certificate gets 403. Neither says whether there is such a repository, since nobody has looked.
  /// `asked` is what he calls it; the rules are those of `repository`, which that stands for.
  std::optional<http::Response> refuse(const Login& login, const http::Request& request, Action action,
                                       const std::optional<RepositoryName>& repository,
                                       const std::optional<RepositoryName>& asked, std::string_view reference);
  /// The same for a path whose name is none: nothing, if he is known at all.
  std::optional<http::Response> refuse_nameless(const Login& login, const http::Request& request);

 private:
  std::shared_ptr<const Identity> known_at_once(const http::RequestView& request) const;
  http::Response refuse_login(const Authentication& refused, const http::Request& request,
                              const std::vector<WantedAccess>& wanted);
  void log_refused_login(const Authentication& refused, const http::Request& request);

  AccessControl& access_;
  const Challenges& challenges_;
  const CertificateUser certificate_user_;
  Log& log_;
  Counter& refused_logins_;
  Counter& refused_accesses_;
  const std::shared_ptr<const Identity> nobody_;
};

}  // namespace berth
