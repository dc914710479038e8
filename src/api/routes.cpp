#include "api/routes.h"

#include <algorithm>
#include <array>

#include "api/handlers.h"

namespace berth {

namespace {

using http::Method;

constexpr std::array kRoot{
    MethodRoute{Method::get, Action::none, answer_root},
    MethodRoute{Method::head, Action::none, answer_root},
};
constexpr std::array kLivez{
    MethodRoute{Method::get, Action::none, answer_livez},
    MethodRoute{Method::head, Action::none, answer_livez},
};
constexpr std::array kReadyz{
    MethodRoute{Method::get, Action::none, answer_readyz},
    MethodRoute{Method::head, Action::none, answer_readyz},
};
constexpr std::array kBase{
    MethodRoute{Method::get, Action::none, answer_base},
    MethodRoute{Method::head, Action::none, answer_base},
};
constexpr std::array kCatalog{
    MethodRoute{Method::get, Action::list_catalog, get_catalog},
    MethodRoute{Method::head, Action::list_catalog, get_catalog},
};
constexpr std::array kTags{
    MethodRoute{Method::get, Action::pull, get_tags},
    MethodRoute{Method::head, Action::pull, get_tags},
};
constexpr std::array kManifest{
    MethodRoute{Method::del, Action::remove, delete_manifest},
    MethodRoute{Method::get, Action::pull, get_manifest},
    MethodRoute{Method::head, Action::pull, get_manifest},
    MethodRoute{Method::put, Action::push, put_manifest},
};
constexpr std::array kReferrers{
    MethodRoute{Method::get, Action::pull, get_referrers},
    MethodRoute{Method::head, Action::pull, get_referrers},
};
constexpr std::array kUploads{
    MethodRoute{Method::post, Action::push, post_upload},
};
// A push ends its uploads, so cancelling one is part of pushing.
constexpr std::array kUpload{
    MethodRoute{Method::del, Action::push, delete_upload}, MethodRoute{Method::get, Action::push, get_upload},
    MethodRoute{Method::head, Action::push, get_upload},   MethodRoute{Method::patch, Action::push, patch_upload},
    MethodRoute{Method::put, Action::push, put_upload},
};
constexpr std::array kBlob{
    MethodRoute{Method::del, Action::remove, delete_blob},
    MethodRoute{Method::get, Action::pull, get_blob},
    MethodRoute{Method::head, Action::pull, head_blob},
};

// The first that fits. "blobs/uploads" stands before "blobs/{digest}".
constexpr std::array kRoutes{
    Route{"/", "root", kRoot, false},
    Route{"/livez", "livez", kLivez, false},
    Route{"/readyz", "readyz", kReadyz, false},
    Route{"/v2/", "base", kBase},
    Route{"/v2/_catalog", "catalog", kCatalog},
    Route{"/v2/{name}/tags/list", "tags", kTags},
    Route{"/v2/{name}/manifests/{reference}", "manifest", kManifest},
    Route{"/v2/{name}/referrers/{digest}", "referrers", kReferrers},
    Route{"/v2/{name}/blobs/uploads/", "blob_upload", kUploads},
    Route{"/v2/{name}/blobs/uploads/{id}", "blob_upload_chunk", kUpload},
    Route{"/v2/{name}/blobs/{digest}", "blob", kBlob},
};

constexpr std::string_view kNameSegment = "{name}";

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (!segment.empty()) segments.push_back(segment);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return segments;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

// Whether the path's segments fit the pattern's; fills what the pattern's parameters stand for. At most one {name}.
bool fit(std::span<const std::string_view> pattern, std::span<const std::string> path, RouteMatch& match) {
  const auto name = std::ranges::find(pattern, kNameSegment);
  if (name == pattern.end() ? path.size() != pattern.size() : path.size() < pattern.size()) return false;
  const std::size_t name_index = static_cast<std::size_t>(name - pattern.begin());
  const std::size_t name_length = path.size() - pattern.size() + 1;
  std::size_t at = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (i == name_index) {
      for (std::size_t part = 0; part < name_length; ++part) {
        if (part > 0) match.name += '/';
        match.name += path[at++];
      }
    } else if (is_parameter(pattern[i])) {
      match.parameter = path[at++];
    } else if (path[at++] != pattern[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::span<const Route> all_routes() {
  return kRoutes;
}

const MethodRoute* Route::find(http::Method method) const {
  const auto found = std::ranges::find(methods, method, &MethodRoute::method);
  return found == methods.end() ? nullptr : &*found;
}

std::string Route::allow(std::optional<http::Method> except) const {
  std::vector<std::string_view> names;
  for (const MethodRoute& method : methods) {
    if (method.method != except) names.push_back(to_string(method.method));
  }
  std::ranges::sort(names);
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

Routes::Routes(std::string_view prefix) {
  for (const std::string_view segment : split(prefix)) prefix_.emplace_back(segment);
  for (const Route& route : kRoutes) {
    routes_.push_back({&route, split(route.pattern), route.pattern.ends_with('/')});
  }
}

std::optional<RouteMatch> Routes::match(const http::Path& path) const {
  const std::span<const std::string> whole = path.segments;
  std::optional<std::span<const std::string>> below;  // the prefix, if the path begins with it
  if (whole.size() >= prefix_.size() && std::ranges::equal(whole.first(prefix_.size()), prefix_)) {
    below = whole.subspan(prefix_.size());
  }
  for (const Compiled& compiled : routes_) {
    if (compiled.route->is_application && !below) continue;
    RouteMatch match{.route = compiled.route};
    if (!fit(compiled.segments, compiled.route->is_application ? *below : whole, match)) continue;
    match.needs_redirect = compiled.has_trailing_slash != path.has_trailing_slash;
    return match;
  }
  return std::nullopt;
}

}  // namespace berth
