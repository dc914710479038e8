// The sections that say what the registry allows: validation, catalog, tags, limits; health checks; thread pools.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/answer_cache.h"
#include "metadata/usage_store.h"
#include "registry/policy.h"

namespace berth {

enum class IndexPlatforms { all, none, list };
enum class MissingReferences { refuse, allow };

struct PlatformConfig {
  std::string architecture;
  std::string os;
};

struct ValidationConfig {
  /// All reference checks of manifest PUT are skipped.
  bool is_disabled = false;
  std::vector<std::string> url_allow;  ///< regular expressions (ECMAScript), already compiled once without error
  std::vector<std::string> url_deny;
  IndexPlatforms platforms = IndexPlatforms::all;  ///< which children of an index must be there
  std::vector<PlatformConfig> platform_list;
  MissingReferences missing = MissingReferences::refuse;
};

/// One of quotas[]. The pattern was parsed once without error.
struct QuotaRuleConfig {
  std::string repositories;
  ScopeUnit per = ScopeUnit::together;
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> pending_bytes;
  std::optional<std::uint64_t> manifests;
  std::optional<std::uint64_t> tags;

  bool has_limit() const { return bytes || pending_bytes || manifests || tags; }
};

struct LimitsConfig {
  RegistryLimits registry;
  std::size_t catalog_entries = 1000;               ///< catalog.maxentries: n above it is 400
  std::size_t catalog_default = 100;                ///< without n
  std::size_t tag_entries = 1000;                   ///< tags.maxtags: n is clamped to it
  std::size_t tag_page = 1000;                      ///< read at a time when all are asked for
  std::uint64_t referrers_bytes = 4 * 1024 * 1024;  ///< of one page
};

struct CacheConfig {
  AnswerCacheOptions answers;
};

struct StorageHealthConfig {
  bool is_enabled = false;
  std::chrono::milliseconds interval{10'000};
  std::size_t threshold = 0;  ///< failures in a row; 0: the first
};

struct FileHealthConfig {
  std::string file;  ///< unhealthy while it exists
  std::chrono::milliseconds interval{10'000};
  std::size_t threshold = 0;
};

struct TcpHealthConfig {
  std::string address;
  std::chrono::milliseconds timeout{5'000};
  std::chrono::milliseconds interval{10'000};
  std::size_t threshold = 0;
};

struct HealthConfig {
  StorageHealthConfig storage_driver;
  std::vector<FileHealthConfig> files;
  std::vector<TcpHealthConfig> tcp;
};

struct PoolConfig {
  std::size_t thread_count = 0;    ///< 0: chosen by the machine's cores
  std::size_t queue_limit = 4096;  ///< jobs that may wait; more are answered 503
};

struct PoolsConfig {
  PoolConfig disk;
  PoolConfig passwords{.queue_limit = 128};
  PoolConfig database;  ///< its threads are metadata.sqlite.readers
};

}  // namespace berth
