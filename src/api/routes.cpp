#include "api/routes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/admin/handlers.h"
#include "api/handlers.h"

namespace berth {

namespace {

using http::Method;

constexpr std::array kRoot{
    MethodRoute{Method::get, Action::open, answer_root},
    MethodRoute{Method::head, Action::open, answer_root},
};
constexpr std::array kLivez{
    MethodRoute{Method::get, Action::open, answer_livez},
    MethodRoute{Method::head, Action::open, answer_livez},
};
constexpr std::array kReadyz{
    MethodRoute{Method::get, Action::open, answer_readyz},
    MethodRoute{Method::head, Action::open, answer_readyz},
};
constexpr std::array kToken{
    MethodRoute{Method::get, Action::log_in, get_token},
    MethodRoute{Method::post, Action::log_in, post_token},
};
constexpr std::array kTokenKeys{
    MethodRoute{Method::get, Action::open, get_token_keys},
    MethodRoute{Method::head, Action::open, get_token_keys},
};
constexpr std::array kBase{
    MethodRoute{Method::get, Action::base, answer_base},
    MethodRoute{Method::head, Action::base, answer_base},
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

constexpr MethodRoute for_admin(Method method, AdminHandler handler) {
  return {method, Action::administer, nullptr, handler};
}
/// Users may do it for themselves; the handler sees to it that nobody does it for others.
constexpr MethodRoute for_user(Method method, AdminHandler handler) {
  return {method, Action::base, nullptr, handler};
}

constexpr std::array kWhoami{for_user(Method::get, admin::get_whoami)};
// What can be asked for is no secret.
constexpr std::array kOpenapi{MethodRoute{Method::get, Action::open, nullptr, admin::get_openapi}};
constexpr std::array kUsers{for_admin(Method::get, admin::get_users), for_admin(Method::post, admin::post_user)};
constexpr std::array kUser{for_admin(Method::del, admin::delete_user), for_user(Method::get, admin::get_user),
                           for_admin(Method::patch, admin::patch_user)};
constexpr std::array kUserTokens{for_user(Method::get, admin::get_tokens), for_user(Method::post, admin::post_token)};
constexpr std::array kUserToken{for_user(Method::del, admin::delete_token)};
constexpr std::array kGroups{for_admin(Method::get, admin::get_groups), for_admin(Method::post, admin::post_group)};
constexpr std::array kGroup{for_admin(Method::del, admin::delete_group), for_admin(Method::get, admin::get_group)};
constexpr std::array kMembers{for_admin(Method::get, admin::get_members)};
constexpr std::array kMember{for_admin(Method::del, admin::delete_member), for_admin(Method::put, admin::put_member)};
constexpr std::array kRobots{for_admin(Method::get, admin::get_robots), for_admin(Method::post, admin::post_robot)};
constexpr std::array kRobot{for_admin(Method::del, admin::delete_robot), for_admin(Method::get, admin::get_robot)};
constexpr std::array kRobotRotation{for_admin(Method::post, admin::rotate_robot)};
constexpr std::array kRules{for_admin(Method::get, admin::get_rules), for_admin(Method::post, admin::post_rule)};
constexpr std::array kRule{for_admin(Method::del, admin::delete_rule)};
constexpr std::array kExplanation{for_admin(Method::get, admin::get_explanation)};
constexpr std::array kCollections{for_admin(Method::post, admin::post_collection)};
constexpr std::array kCollection{for_admin(Method::get, admin::get_collection)};
constexpr std::array kChecks{for_admin(Method::post, admin::post_check)};
constexpr std::array kCheck{for_admin(Method::get, admin::get_check)};
constexpr std::array kRetentionRules{for_admin(Method::get, admin::get_retention_rules)};
constexpr std::array kRetentionPlans{for_admin(Method::post, admin::post_retention_plan)};
constexpr std::array kRetentionApply{for_admin(Method::post, admin::post_retention_apply)};
constexpr std::array kRetentionRun{for_admin(Method::get, admin::get_retention_run)};
constexpr std::array kJobs{for_admin(Method::get, admin::get_jobs)};
constexpr std::array kJob{for_admin(Method::get, admin::get_job)};
constexpr std::array kJobStart{for_admin(Method::post, admin::post_job_start)};
constexpr std::array kJobStop{for_admin(Method::post, admin::post_job_stop)};
constexpr std::array kContent{for_admin(Method::get, admin::get_content)};
constexpr std::array kTrash{for_admin(Method::get, admin::get_trash)};
constexpr std::array kUndo{for_admin(Method::post, admin::post_undo)};
constexpr std::array kRepositories{for_admin(Method::del, admin::delete_repository)};
constexpr std::array kRenames{for_admin(Method::post, admin::post_rename)};
constexpr std::array kAliases{for_admin(Method::del, admin::delete_alias), for_admin(Method::get, admin::get_aliases)};
constexpr std::array kPins{for_admin(Method::del, admin::delete_pin), for_admin(Method::get, admin::get_pins),
                           for_admin(Method::post, admin::post_pin)};
constexpr std::array kReadOnly{for_admin(Method::get, admin::get_read_only),
                               for_admin(Method::patch, admin::patch_read_only)};
constexpr std::array kAdoption{for_admin(Method::get, admin::get_adoption)};
constexpr std::array kAdoptionRun{for_admin(Method::post, admin::post_adoption_run)};
constexpr std::array kAdoptionAcceptance{for_admin(Method::post, admin::post_adoption_acceptance)};
constexpr std::array kExports{for_admin(Method::post, admin::post_export)};
constexpr std::array kExport{for_admin(Method::get, admin::get_export)};
constexpr std::array kBackups{for_admin(Method::post, admin::post_backup)};
constexpr std::array kBackup{for_admin(Method::get, admin::get_backup)};
constexpr std::array kImports{for_admin(Method::post, admin::post_import)};
constexpr std::array kLayouts{for_admin(Method::post, admin::post_layout)};
constexpr std::array kTransfer{for_admin(Method::get, admin::get_transfer)};
constexpr std::array kUsage{for_admin(Method::get, admin::get_usage)};
constexpr std::array kTagHistory{for_admin(Method::get, admin::get_tag_history)};

// The first that fits. "blobs/uploads" stands before "blobs/{digest}".
constexpr std::array kRoutes{
    Route{"/", "root", kRoot, false},
    Route{"/livez", "livez", kLivez, false},
    Route{"/readyz", "readyz", kReadyz, false},
    Route{"/token", "token", kToken},
    Route{"/.well-known/jwks.json", "token_keys", kTokenKeys},
    Route{"/v2/", "base", kBase},
    Route{"/v2/_catalog", "catalog", kCatalog},
    Route{"/v2/{name}/tags/list", "tags", kTags},
    Route{"/v2/{name}/manifests/{reference}", "manifest", kManifest},
    Route{"/v2/{name}/referrers/{digest}", "referrers", kReferrers},
    Route{"/v2/{name}/blobs/uploads/", "blob_upload", kUploads},
    Route{"/v2/{name}/blobs/uploads/{id}", "blob_upload_chunk", kUpload},
    Route{"/v2/{name}/blobs/{digest}", "blob", kBlob},
    Route{"/api/v1/whoami", "admin_whoami", kWhoami},
    Route{"/api/v1/openapi.json", "admin_openapi", kOpenapi},
    Route{"/api/v1/users", "admin_users", kUsers},
    Route{"/api/v1/users/{user}", "admin_user", kUser},
    Route{"/api/v1/users/{user}/tokens", "admin_tokens", kUserTokens},
    Route{"/api/v1/users/{user}/tokens/{token}", "admin_token", kUserToken},
    Route{"/api/v1/groups", "admin_groups", kGroups},
    Route{"/api/v1/groups/{group}", "admin_group", kGroup},
    Route{"/api/v1/groups/{group}/members", "admin_members", kMembers},
    Route{"/api/v1/groups/{group}/members/{user}", "admin_member", kMember},
    Route{"/api/v1/robots", "admin_robots", kRobots},
    Route{"/api/v1/robots/{robot}", "admin_robot", kRobot},
    Route{"/api/v1/robots/{robot}/rotate", "admin_robot_rotation", kRobotRotation},
    Route{"/api/v1/rules", "admin_rules", kRules},
    Route{"/api/v1/rules/{rule}", "admin_rule", kRule},
    Route{"/api/v1/explain", "admin_explain", kExplanation},
    Route{"/api/v1/garbage-collections", "admin_collections", kCollections},
    Route{"/api/v1/garbage-collections/{run}", "admin_collection", kCollection},
    Route{"/api/v1/checks", "admin_checks", kChecks},
    Route{"/api/v1/checks/{run}", "admin_check", kCheck},
    Route{"/api/v1/retention/rules", "admin_retention_rules", kRetentionRules},
    Route{"/api/v1/retention/plans", "admin_retention_plans", kRetentionPlans},
    Route{"/api/v1/retention/plans/{plan}/apply", "admin_retention_apply", kRetentionApply},
    Route{"/api/v1/retention/runs/{run}", "admin_retention_run", kRetentionRun},
    Route{"/api/v1/jobs", "admin_jobs", kJobs},
    Route{"/api/v1/jobs/{job}", "admin_job", kJob},
    Route{"/api/v1/jobs/{job}/start", "admin_job_start", kJobStart},
    Route{"/api/v1/jobs/{job}/stop", "admin_job_stop", kJobStop},
    Route{"/api/v1/content/{digest}", "admin_content", kContent},
    Route{"/api/v1/trash", "admin_trash", kTrash},
    Route{"/api/v1/undo", "admin_undo", kUndo},
    Route{"/api/v1/tag-history", "admin_tag_history", kTagHistory},
    Route{"/api/v1/repositories", "admin_repositories", kRepositories},
    Route{"/api/v1/renames", "admin_renames", kRenames},
    Route{"/api/v1/aliases", "admin_aliases", kAliases},
    Route{"/api/v1/pins", "admin_pins", kPins},
    Route{"/api/v1/read-only", "admin_read_only", kReadOnly},
    Route{"/api/v1/usage", "admin_usage", kUsage},
    Route{"/api/v1/adoption", "admin_adoption", kAdoption},
    Route{"/api/v1/adoption/run", "admin_adoption_run", kAdoptionRun},
    Route{"/api/v1/adoption/accept-losses", "admin_adoption_acceptance", kAdoptionAcceptance},
    Route{"/api/v1/backups", "admin_backups", kBackups},
    Route{"/api/v1/backups/{run}", "admin_backup", kBackup},
    Route{"/api/v1/imports", "admin_imports", kImports},
    Route{"/api/v1/layouts", "admin_layouts", kLayouts},
    Route{"/api/v1/transfers/{run}", "admin_transfer", kTransfer},
    Route{"/api/v1/exports", "admin_exports", kExports},
    Route{"/api/v1/exports/{run}", "admin_export", kExport},
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
      match.parent = std::exchange(match.parameter, path[at++]);
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
  // The table of the admin API is short: HEAD is what GET is, without its body.
  if (method == http::Method::head && is_admin()) method = http::Method::get;
  const auto found = std::ranges::find(methods, method, &MethodRoute::method);
  return found == methods.end() ? nullptr : &*found;
}

std::string Route::allow(std::optional<http::Method> except) const {
  std::vector<std::string_view> names;
  for (const MethodRoute& method : methods) {
    if (method.method != except) names.push_back(to_string(method.method));
  }
  if (is_admin() && std::ranges::find(names, "GET") != names.end()) names.emplace_back("HEAD");
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
