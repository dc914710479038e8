// ServerConfig: the configuration as the rest of the program sees it: typed, checked, with defaults filled in.
// config_loader.h makes it; settings_*.cpp declare which key fills which field.
#pragma once

#include <string>

#include "server/config_http.h"
#include "server/config_log.h"
#include "server/config_registry.h"
#include "server/config_storage.h"

namespace berth {

struct ServerConfig {
  std::string file;  ///< where it was read from, for reload; empty: built-in defaults
  LogConfig log;
  StorageConfig storage;
  MetadataConfig metadata;
  CollectionConfig gc;
  HttpConfig http;
  HealthConfig health;
  ValidationConfig validation;
  LimitsConfig limits;
  CacheConfig cache;
  PoolsConfig pools;
};

}  // namespace berth
