// ServerConfig: the configuration as the rest of the program sees it: typed, checked, with defaults filled in.
// config_loader.h makes it; settings_*.cpp declare which key fills which field.
#pragma once

#include <string>
#include <vector>

#include "api/rate_limits.h"
#include "server/config_auth.h"
#include "server/config_http.h"
#include "server/config_log.h"
#include "server/config_registry.h"
#include "server/config_retention.h"
#include "server/config_storage.h"

namespace berth {

struct ServerConfig {
  std::string file;  ///< where it was read from, for reload; empty: built-in defaults
  LogConfig log;
  StorageConfig storage;
  MetadataConfig metadata;
  CollectionConfig gc;
  TrashConfig trash;
  AdoptionConfig adoption;
  AliasesConfig aliases;
  ScrubConfig scrub;
  RetentionConfig retention;
  PullTimesConfig pull_times;
  HttpConfig http;
  AuthConfig auth;
  AccessConfig access;
  std::vector<RegistryMiddlewareConfig> registry_middleware;
  std::vector<std::string> manifest_classes;  ///< policy.repository.classes; empty: all
  HealthConfig health;
  ValidationConfig validation;
  LimitsConfig limits;
  std::vector<QuotaRuleConfig> quotas;
  CacheConfig cache;
  RateLimitOptions rate_limits;
  PoolsConfig pools;
};

}  // namespace berth
