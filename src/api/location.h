// Locations: the URLs that answers point to.
#pragma once

#include <string>
#include <string_view>

#include "http/request.h"

namespace berth {

struct LocationOptions {
  std::string host;  ///< "scheme://host[:port]"; empty: from the request
  std::string prefix = "/";
  bool is_relative = false;
};

/// Threading: any thread.
class Locations {
 public:
  explicit Locations(LocationOptions options);

  /// `path` ("/v2/...") below the prefix, absolute unless the options say otherwise. The base is the configured host;
  /// else what a proxy says (Forwarded, then the first X-Forwarded-Proto and -Host), as far as it is well-formed; else
  /// the request's Host. Without any of them, a path.
  std::string url(const http::Request& request, std::string_view path) const;

  /// "https://registry.example:5000", by the same sources as url() but never relative. `scheme`, if not empty, is what
  /// holds without a proxy's word. Empty if nothing names a host.
  std::string origin(const http::Request& request, std::string_view scheme = {}) const;

  /// The path below the prefix, for `Link`, which is always relative.
  std::string path(std::string_view path) const;

 private:
  const LocationOptions options_;
};

}  // namespace berth
