// Layout: where things lie under a root directory or bucket prefix. Blob paths are Distribution's; ours is berth/.
#pragma once

#include <string>
#include <string_view>

#include "content/digest.h"

namespace berth::layout {

/// "docker/registry/v2/blobs/sha256/ab/abcd.../data"
std::string blob_path(const Digest& digest);
/// Links of Distribution's repositories, whatever the name is.
std::string repository_path(std::string_view repository);
std::string revision_path(std::string_view repository, const Digest& digest);  ///< of its directory
std::string layer_path(std::string_view repository, const Digest& digest);     ///< of its directory
std::string tag_path(std::string_view repository, std::string_view tag);       ///< of its directory
/// "berth/quarantine/sha256-abcd...", the third of them with ".3" at the end.
std::string quarantine_path(const Digest& digest, unsigned number);

inline constexpr std::string_view kBlobs = "docker/registry/v2/blobs";
inline constexpr std::string_view kRepositories = "docker/registry/v2/repositories";  ///< Distribution's link files
inline constexpr std::string_view kRevisions = "_manifests/revisions";                ///< of a repository
inline constexpr std::string_view kTags = "_manifests/tags";
inline constexpr std::string_view kLayers = "_layers";
inline constexpr std::string_view kTreeUploads = "_uploads";
inline constexpr std::string_view kIdentity = "berth/id";
inline constexpr std::string_view kUploads = "berth/uploads";
inline constexpr std::string_view kTemporary = "berth/tmp";
inline constexpr std::string_view kQuarantine = "berth/quarantine";  ///< damaged files of blobs, for people to look at
inline constexpr std::string_view kMetadata = "berth/metadata.db";
inline constexpr std::string_view kSnapshots = "berth/snapshots";  ///< copies of the metadata
inline constexpr std::string_view kLock = "berth/lock";
inline constexpr std::string_view kTokenKeys = "berth/token-keys.json";
inline constexpr std::string_view kControlSocket = "berth/control.sock";

}  // namespace berth::layout
