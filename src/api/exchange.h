// Exchange: one request on its way through a handler, with what the route found in its path.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "api/caller.h"
#include "base/clock.h"
#include "base/result.h"
#include "content/repository_name.h"
#include "http/response.h"
#include "metadata/change_numbers.h"
#include "registry/pull_times.h"

namespace berth {

struct AdminParts;
struct ApiOptions;
class AnswerCache;
class Locations;
class Health;
class AliasBook;
class Registry;
class RepositoryGate;
class AccessGate;
class TokenService;

/// What handlers work with. Lifetime: all of it outlives the requests.
struct ApiParts {
  Registry& registry;
  const ApiOptions& options;
  const Locations& locations;
  const Health& health;
  const ChangeNumbers& changes;
  const AnswerCache& answers;
  AccessGate& gate;
  TokenService* tokens;                    ///< null: Berth gives out none
  const AdminParts* admin = nullptr;       ///< null: there is no admin API
  const AliasBook* aliases = nullptr;      ///< null: no repository has an old name
  PullTimes* pulls = nullptr;              ///< null: nobody wants to know
  RepositoryGate* repositories = nullptr;  ///< null: all of them are on record
};

/// The repository that a name stands for.
RepositoryName real_name(const ApiParts& api, const RepositoryName& name);

/// What a handler says of an answer that may be given again. Marks are taken before anything is read.
struct KeepAnswer {
  std::array<ChangeNumbers::Mark, 2> marks = {};
  bool has_body = true;                            ///< false: the answer of a HEAD that did not read the body
  WallTime promise_fresh_until = WallTime::max();  ///< no HEAD is answered with it later than this
  bool depends_on_accept = false;
  bool depends_on_health = false;
  std::shared_ptr<PullMark> pull = {};  ///< of the manifest that it is; null: of none
};

struct Exchange {
  http::Request& request;
  Caller caller;
  /// Of routes with `{name}`; there is one whenever the handler of such a route runs.
  std::optional<RepositoryName> repository = {};
  /// What the client calls it, which may be an old name of it.
  std::optional<RepositoryName> alias = {};
  /// The last segment of routes that end with a parameter: a digest, a reference, an upload id, as the client wrote it.
  std::string parameter = {};
  /// Of routes with two: the one before it.
  std::string parent = {};
  /// It came through the control socket, or from a command that has the data directory to itself.
  bool is_operator = false;
  /// Set by handlers whose answer can be kept, if it becomes a 200.
  std::optional<KeepAnswer> keep = {};

  const RepositoryName& name() const { return *repository; }
  /// For what the client is shown: he goes on with what he began with.
  const RepositoryName& asked_name() const { return alias ? *alias : *repository; }
  bool is_head() const { return request.method == http::Method::head; }
};

/// A refusal becomes an error answer in one place (pipeline.cpp); a handler makes one itself only if it needs fields.
using Answer = Result<http::Response>;

/// Threading: called on the connection's loop; parts and exchange outlive the task.
using RouteHandler = Task<Answer> (*)(const ApiParts& api, Exchange& exchange);
/// The same for the admin API.
using AdminHandler = Task<Answer> (*)(const AdminParts& admin, Exchange& exchange);

}  // namespace berth
