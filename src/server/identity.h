// Identity: berth/id beside the blobs and the id in the metadata must be one (data.md 1), or something is missing.
#pragma once

#include <optional>
#include <string>

#include "base/entropy.h"
#include "base/result.h"
#include "metadata/adoption_store.h"
#include "metadata/metadata_store.h"
#include "storage/identity_file.h"

namespace berth {

/// What both sides said at the start.
struct IdentityFacts {
  std::optional<std::string> storage_id = {};
  std::optional<std::string> metadata_id = {};
  bool metadata_is_empty = true;          ///< no repository, no upload
  bool has_foreign_repositories = false;  ///< Distribution's link files lie there
};

enum class IdentityPlan {
  adopt,    ///< no id on either side, and Distribution's repositories: ours, and what they hold is to be adopted
  begin,    ///< nothing on either side: make an id, metadata first, then the file
  resume,   ///< a crash cut off `begin` after the metadata: write the file
  proceed,  ///< both are there and equal
};

/// Pure. A refusal is one line that names the ways out.
Result<IdentityPlan> plan_identity(const IdentityFacts& facts, const std::string& root);

/// What has an identity. Lifetime: outlives the call.
struct IdentitySides {
  IdentityFile& storage;
  MetadataStore& metadata;
  AdoptionStore* adoption;  ///< null: nothing can be adopted
};

/// Gathers the facts, plans, carries the plan out; returns the registry's id. Throws Failure(internal) on a refusal.
Task<std::string> establish_identity(IdentitySides sides, Entropy& entropy, WallTime now, std::string root);

/// Gives empty metadata the id that the storage has, so that everything is adopted anew (`berth import --adopt-again`).
/// Refused: there is no id, or the metadata is not empty.
Task<Result<void>> adopt_again(IdentitySides sides, WallTime now);

}  // namespace berth
