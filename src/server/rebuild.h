// rebuild_metadata: the metadata made anew, after its database was lost: from the newest copy of it under the root, the
// link tree where there is one, and the manifests that lie among the blobs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "metadata/adoption_store.h"
#include "server/config.h"

namespace berth {

struct RebuildReport {
  std::string snapshot;            ///< the copy that was used; empty: there was none
  AdoptionCounts links = {};       ///< what the link tree brought
  std::uint64_t recovered = 0;     ///< manifests without a name
  std::uint64_t repositories = 0;  ///< that there are now
  std::string moved_to = {};       ///< where a damaged database went
};

/// Where manifests come back that nothing names: recovered/unnamed, each under a tag of its digest's beginning.
inline constexpr const char* kRecoveredRepository = "recovered/unnamed";

/// Blocks. With nobody serving. Throws a Failure with one line: the root is served, has no id, or its metadata is there
/// and whole.
RebuildReport rebuild_metadata(const ServerConfig& config, const std::function<void(const std::string& step)>& tell);

}  // namespace berth
