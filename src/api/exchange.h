// Exchange: one request on its way through a handler, with what the route found in its path.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "content/repository_name.h"
#include "http/response.h"

namespace berth {

struct ApiOptions;
class Locations;
class Health;
class Registry;

/// What handlers work with. Lifetime: all of it outlives the requests.
struct ApiParts {
  Registry& registry;
  const ApiOptions& options;
  const Locations& locations;
  const Health& health;
};

struct Exchange {
  http::Request& request;
  /// Of routes with `{name}`; there is one whenever the handler of such a route runs.
  std::optional<RepositoryName> repository = {};
  /// The last segment of routes that end with a parameter: a digest, a reference, an upload id, as the client wrote it.
  std::string parameter = {};

  const RepositoryName& name() const { return *repository; }
  bool is_head() const { return request.method == http::Method::head; }
};

/// A refusal becomes an error answer in one place (pipeline.cpp); a handler makes one itself only if it needs fields.
using Answer = Result<http::Response>;

/// Threading: called on the connection's loop; parts and exchange outlive the task.
using RouteHandler = Task<Answer> (*)(const ApiParts& api, Exchange& exchange);

}  // namespace berth
