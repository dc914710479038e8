// What a manifest that lies among the blobs says: Distribution keeps nothing but its bytes.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "content/manifest.h"
#include "metadata/adoption_store.h"

namespace berth {

struct UnreadableManifest {
  ProblemKind kind;
  std::string what;
};

struct StoredManifest {
  AdoptedManifest manifest;       ///< but for when it was pushed
  std::vector<Descriptor> blobs;  ///< config and layers that have to lie here
};

/// Pure. The bytes' own words decide what it is; without a mediaType, what fields it has, as Distribution does it.
std::variant<StoredManifest, UnreadableManifest> read_stored_manifest(const Digest& digest, SharedBytes bytes,
                                                                      const ManifestLimits& limits);

/// The same without a digest to hold it to: for what may be a manifest or anything.
Result<Manifest> parse_stored_manifest(std::string_view bytes, const ManifestLimits& limits);

}  // namespace berth
