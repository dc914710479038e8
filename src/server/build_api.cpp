#include "server/build_api.h"

#include "server/access.h"

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

QuotaPolicy build_quotas(const ServerConfig& config) {
  std::vector<QuotaRule> rules;
  for (const QuotaRuleConfig& rule : config.quotas) {
    rules.push_back({.repositories = NamePattern::parse_repository(rule.repositories).value(),
                     .unit = rule.per,
                     .bytes = rule.bytes,
                     .pending_bytes = rule.pending_bytes,
                     .manifests = rule.manifests,
                     .tags = rule.tags});
  }
  return QuotaPolicy(std::move(rules));
}

RegistryPolicy build_policy(const ServerConfig& config) {
  RegistryPolicy policy;
  policy.allows_deletes = config.storage.is_delete_enabled;
  policy.is_read_only = config.storage.is_read_only;
  policy.promise = config.gc.promise;
  policy.review_grace = config.gc.grace;
  policy.uses_trash = config.trash.keep_or_default().count() > 0;
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
  policy.validation.classes = config.manifest_classes;
  for (const RegistryMiddlewareConfig& middleware : config.registry_middleware) {
    if (middleware.is_disabled) continue;
    policy.push_allow.insert(policy.push_allow.end(), middleware.allow.begin(), middleware.allow.end());
    policy.push_deny.insert(policy.push_deny.end(), middleware.deny.begin(), middleware.deny.end());
  }
  policy.limits = config.limits.registry;
  policy.quotas = build_quotas(config);
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
  options.challenges = build_challenges(config);
  options.client_addresses = config.http.client_addresses;
  options.cors = config.http.cors;
  options.rate_limits = config.rate_limits;
  if (config.auth.certificate.is_enabled) options.certificate_user = config.auth.certificate.user;
  return options;
}

DebugApiOptions build_debug_api_options(const ServerConfig& config) {
  DebugApiOptions options;
  if (config.http.debug.prometheus.is_enabled) options.metrics_path = config.http.debug.prometheus.path;
  return options;
}

}  // namespace berth
