// Layout: where things lie under a root directory or bucket prefix. Blob paths are Distribution's; ours is berth/.
#pragma once

#include <string>
#include <string_view>

#include "content/digest.h"

namespace berth::layout {

/// "docker/registry/v2/blobs/sha256/ab/abcd.../data"
std::string blob_path(const Digest& digest);

inline constexpr std::string_view kRepositories = "docker/registry/v2/repositories";  ///< Distribution's link files
inline constexpr std::string_view kIdentity = "berth/id";
inline constexpr std::string_view kUploads = "berth/uploads";
inline constexpr std::string_view kTemporary = "berth/tmp";
inline constexpr std::string_view kMetadata = "berth/metadata.db";
inline constexpr std::string_view kLock = "berth/lock";
inline constexpr std::string_view kControlSocket = "berth/control.sock";

}  // namespace berth::layout
