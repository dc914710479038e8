// Exchange: one request on its way through a handler, with what the route found in its path.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "content/repository_name.h"
#include "http/response.h"
#include "metadata/change_numbers.h"

namespace berth {

struct ApiOptions;
class AnswerCache;
class Locations;
class Health;
class Registry;

/// What handlers work with. Lifetime: all of it outlives the requests.
struct ApiParts {
  Registry& registry;
  const ApiOptions& options;
  const Locations& locations;
  const Health& health;
  const ChangeNumbers& changes;
  const AnswerCache& answers;
};

/// What a handler says of an answer that may be given again. Marks are taken before anything is read.
struct KeepAnswer {
  std::array<ChangeNumbers::Mark, 2> marks = {};
  bool has_body = true;                            ///< false: the answer of a HEAD that did not read the body
  WallTime promise_fresh_until = WallTime::max();  ///< no HEAD is answered with it later than this
  bool depends_on_accept = false;
  bool depends_on_health = false;
};

struct Exchange {
  http::Request& request;
  /// Of routes with `{name}`; there is one whenever the handler of such a route runs.
  std::optional<RepositoryName> repository = {};
  /// The last segment of routes that end with a parameter: a digest, a reference, an upload id, as the client wrote it.
  std::string parameter = {};
  /// Set by handlers whose answer can be kept, if it becomes a 200.
  std::optional<KeepAnswer> keep = {};

  const RepositoryName& name() const { return *repository; }
  bool is_head() const { return request.method == http::Method::head; }
};

/// A refusal becomes an error answer in one place (pipeline.cpp); a handler makes one itself only if it needs fields.
using Answer = Result<http::Response>;

/// Threading: called on the connection's loop; parts and exchange outlive the task.
using RouteHandler = Task<Answer> (*)(const ApiParts& api, Exchange& exchange);

}  // namespace berth
