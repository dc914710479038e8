// Cors: which web pages may read answers (Fetch standard, CORS protocol). Off unless it is configured.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.h"
#include "http/response.h"

namespace berth {

struct CorsOptions {
  /// Origins that may ("https://ui.example.com"); "*" is any. Empty: no CORS at all.
  std::vector<std::string> origins = {};
  /// Pages may send cookies and credentials that the browser keeps. Never with "*".
  bool allows_credentials = false;
  /// Fields that a page may send beyond the few that are always allowed, and read.
  std::vector<std::string> request_fields = {"Accept",   "Authorization", "Content-Range", "Content-Type",
                                             "If-Match", "If-None-Match", "Range"};
  std::vector<std::string> response_fields = {"Content-Length",
                                              "Content-Range",
                                              "Docker-Content-Digest",
                                              "Docker-Upload-UUID",
                                              "ETag",
                                              "Link",
                                              "Location",
                                              "OCI-Filters-Applied",
                                              "OCI-Subject",
                                              "Range",
                                              "RateLimit",
                                              "RateLimit-Limit",
                                              "RateLimit-Policy",
                                              "RateLimit-Remaining",
                                              "Retry-After",
                                              "WWW-Authenticate",
                                              "X-Request-Id"};
  std::chrono::seconds preflight_lifetime{600};
};

/// Threading: immutable.
class Cors {
 public:
  explicit Cors(CorsOptions options);

  bool is_on() const { return !options_.origins.empty(); }

  /// For every answer, whoever asked, so that no cache gives a page an answer that was made for none.
  void add_vary(http::Response& response) const;
  /// For an answer to this request, if a page sent it that may read it.
  void add_fields(const http::Request& request, http::Response& response) const;
  /// The same for OPTIONS; `methods` is what the path allows, "GET, HEAD".
  void add_preflight_fields(const http::Request& request, std::string_view methods, http::Response& response) const;

 private:
  /// What Access-Control-Allow-Origin says; empty: nothing, since the page may not.
  std::string_view allowed_origin(const http::Request& request) const;

  const CorsOptions options_;
  const bool allows_any_;
  const std::string request_fields_;
  const std::string response_fields_;
};

}  // namespace berth
