// RegistryPolicy: what the rules may and may not do, from the configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "content/manifest.h"
#include "registry/quota.h"

namespace berth {

struct Platform {
  std::string os;
  std::string architecture;
};

/// Which children of an index must be there when it is pushed (validation.manifests.indexes.platforms).
enum class RequiredChildren { all, none, listed_platforms };

/// What a manifest PUT is held to beyond being well-formed.
struct ValidationPolicy {
  /// validation.disabled, or validation.manifests.missing: allow. References are stored, their content need not be
  /// there.
  bool allows_missing_references = false;
  RequiredChildren required_children = RequiredChildren::all;
  std::vector<Platform> platforms = {};  ///< for listed_platforms
  /// Regular expressions that a layer's urls are searched for. Deny wins; without any `url_allow` everything that is
  /// not denied is allowed, because a registry that refuses them by default fails the conformance program.
  std::vector<std::string> url_allow = {};
  std::vector<std::string> url_deny = {};
  std::vector<std::string> classes = {};  ///< policy.repository.classes: "image", "plugin"; empty: all
};

struct RegistryLimits {
  std::uint64_t manifest_bytes = 4 * 1024 * 1024;
  std::size_t tags_per_push = 100;
  ManifestLimits manifest = {};
  /// Memory of all requests that receive bodies, together. Each takes an ever smaller part of what is left.
  std::uint64_t body_buffer_bytes = 64 * 1024 * 1024;
  /// One of the two that an upload streams through. A body that fits into one comes in whole before it is written.
  std::size_t largest_buffer_bytes = 1024 * 1024;
  std::size_t kept_buffers = 8;                   ///< of that size, for the next uploads
  std::size_t smallest_buffer_bytes = 16 * 1024;  ///< with less than two of these left: overloaded
  /// A long request's bytes are synced and recorded each time this many have come: a crash loses no more than this.
  std::uint64_t upload_checkpoint_bytes = 256 * 1024 * 1024;
  std::chrono::milliseconds digest_lock_wait{30'000};
};

struct RegistryPolicy {
  bool allows_deletes = false;                   ///< storage.delete.enabled
  bool is_read_only = false;                     ///< storage.maintenance.readonly.enabled
  std::chrono::seconds promise{24 * 3600};       ///< gc.promise
  std::chrono::seconds review_grace{24 * 3600};  ///< gc.grace
  bool uses_trash = false;                       ///< trash.keep is more than 0s
  /// Free bytes to keep on a file system of that size (storage.filesystem.reserve); pushes are refused below.
  std::function<std::uint64_t(std::uint64_t file_system_bytes)> reserved_bytes = {};  ///< unset: 1 %, at most 1 GiB
  ValidationPolicy validation = {};
  /// Regular expressions for the names of repositories that take pushes (middleware.registry).
  std::vector<std::string> push_allow = {};
  std::vector<std::string> push_deny = {};
  RegistryLimits limits = {};
  QuotaPolicy quotas = {};
};

}  // namespace berth
