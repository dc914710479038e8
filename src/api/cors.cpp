#include "api/cors.h"

#include <algorithm>
#include <utility>

namespace berth {
namespace {

constexpr std::string_view kAny = "*";

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

Cors::Cors(CorsOptions options)
    : options_(std::move(options)),
      allows_any_(std::ranges::find(options_.origins, kAny) != options_.origins.end()),
      request_fields_(joined(options_.request_fields)),
      response_fields_(joined(options_.response_fields)) {}

std::string_view Cors::allowed_origin(const http::Request& request) const {
  const std::string_view origin = request.headers.find("Origin").value_or("");
  if (origin.empty()) return {};
  if (allows_any_) return kAny;
  const auto found = std::ranges::find(options_.origins, origin);
  return found == options_.origins.end() ? std::string_view() : std::string_view(*found);
}

void Cors::add_vary(http::Response& response) const {
  if (is_on() && !allows_any_) response.headers.add("Vary", "Origin");
}

void Cors::add_fields(const http::Request& request, http::Response& response) const {
  const std::string_view origin = allowed_origin(request);
  if (origin.empty()) return;
  response.headers.set("Access-Control-Allow-Origin", std::string(origin));
  response.headers.set("Access-Control-Expose-Headers", response_fields_);
  if (options_.allows_credentials && !allows_any_) response.headers.set("Access-Control-Allow-Credentials", "true");
}

void Cors::add_preflight_fields(const http::Request& request, std::string_view methods,
                                http::Response& response) const {
  if (allowed_origin(request).empty() || !request.headers.contains("Access-Control-Request-Method")) return;
  response.headers.set("Access-Control-Allow-Methods", std::string(methods));
  response.headers.set("Access-Control-Allow-Headers", request_fields_);
  response.headers.set("Access-Control-Max-Age", std::to_string(options_.preflight_lifetime.count()));
}

}  // namespace berth
