// Routes: which handler answers a path. The table itself is at the top of routes.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/action.h"
#include "api/exchange.h"
#include "http/request.h"

namespace berth {

struct MethodRoute {
  http::Method method;
  Action action;
  RouteHandler handler;
  AdminHandler admin = nullptr;  ///< instead of `handler`, for routes of the admin API
};

struct Route {
  /// "/v2/{name}/blobs/{digest}": {name} is one or more segments, another {...} is one; a final "/" counts.
  std::string_view pattern;
  /// The `handler` label of Distribution's metrics.
  std::string_view label;
  std::span<const MethodRoute> methods;
  /// False for what stands outside of the prefix and of the application: probes.
  bool is_application = true;

  const MethodRoute* find(http::Method method) const;
  /// Its paths end with a manifest's tag or digest.
  bool is_of_manifest() const { return pattern.ends_with("/{reference}"); }
  bool is_admin() const { return methods.front().admin != nullptr; }
  /// "DELETE, GET, HEAD, PUT", without `except`.
  std::string allow(std::optional<http::Method> except = {}) const;
};

struct RouteMatch {
  const Route* route = nullptr;
  std::string name = {};       ///< the text of {name}
  std::string parameter = {};  ///< the text of the last {...}
  std::string parent = {};     ///< the text of the one before it, if there are two
  /// The path fits but for the slash at its end: the client is sent to the right one.
  bool needs_redirect = false;
};

/// Threading: any thread, after construction.
class Routes {
 public:
  /// `prefix` begins and ends with "/".
  explicit Routes(std::string_view prefix);

  std::optional<RouteMatch> match(const http::Path& path) const;

 private:
  struct Compiled {
    const Route* route;
    std::vector<std::string_view> segments;
    bool has_trailing_slash;
  };
  std::vector<std::string> prefix_;
  std::vector<Compiled> routes_;
};

/// Every route there is, for metrics made ahead.
std::span<const Route> all_routes();

}  // namespace berth
