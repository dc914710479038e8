// Media types of manifests and of what they name.
#pragma once

#include <string>
#include <string_view>

namespace berth {

namespace media_type {
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kOciEmpty = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kOctetStream = "application/octet-stream";
}  // namespace media_type

enum class ManifestKind { image, index };

/// True for the four types that a manifest can be stored as.
bool is_manifest_type(std::string_view type);
/// True for an OCI index and a Docker manifest list.
bool is_index_type(std::string_view type);
/// True for layers whose bytes live elsewhere: Docker's foreign layers and OCI's nondistributable ones.
bool is_foreign_layer_type(std::string_view type);
/// `type/subtype` without parameters, lower-cased and trimmed: "a/B; charset=x" -> "a/b".
std::string without_parameters(std::string_view type);

}  // namespace berth
