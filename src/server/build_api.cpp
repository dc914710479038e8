#include "server/build_api.h"

namespace berth {

namespace {

RequiredChildren required_children_of(IndexPlatforms platforms) {
  switch (platforms) {
    case IndexPlatforms::all:
      return RequiredChildren::all;
    case IndexPlatforms::none:
      return RequiredChildren::none;
    case IndexPlatforms::list:
      return RequiredChildren::listed_platforms;
  }
  return RequiredChildren::all;
}

}  // namespace

RegistryPolicy build_policy(const ServerConfig& config) {
  RegistryPolicy policy;
  policy.allows_deletes = config.storage.is_delete_enabled;
  policy.is_read_only = config.storage.is_read_only;
  policy.promise = config.gc.promise;
  policy.review_grace = config.gc.grace;
  policy.reserved_bytes = [reserve = config.storage.filesystem.reserve](std::uint64_t file_system_bytes) {
    return reserve.bytes_of(file_system_bytes);
  };
  const ValidationConfig& validation = config.validation;
  policy.validation.allows_missing_references =
      validation.is_disabled || validation.missing == MissingReferences::allow;
  policy.validation.required_children = required_children_of(validation.platforms);
  for (const PlatformConfig& platform : validation.platform_list) {
    policy.validation.platforms.push_back({.os = platform.os, .architecture = platform.architecture});
  }
  policy.validation.url_allow = validation.url_allow;
  policy.validation.url_deny = validation.url_deny;
  policy.limits = config.limits.registry;
  return policy;
}

ApiOptions build_api_options(const ServerConfig& config) {
  ApiOptions options;
  options.host = config.http.host;
  options.prefix = config.http.prefix;
  options.has_relative_urls = config.http.has_relative_urls;
  options.headers = config.http.headers;
  options.catalog_entries = config.limits.catalog_entries;
  options.catalog_default = config.limits.catalog_default;
  options.tag_entries = config.limits.tag_entries;
  options.tag_page = config.limits.tag_page;
  options.referrers_bytes = config.limits.referrers_bytes;
  options.answers = config.cache.answers;
  return options;
}

DebugApiOptions build_debug_api_options(const ServerConfig& config) {
  DebugApiOptions options;
  if (config.http.debug.prometheus.is_enabled) options.metrics_path = config.http.debug.prometheus.path;
  return options;
}

}  // namespace berth
