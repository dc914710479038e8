#include "content/media_type.h"

namespace berth {
namespace {

constexpr std::string_view kDockerForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
constexpr std::string_view kDockerForeignLayerPlain = "application/vnd.docker.image.rootfs.foreign.diff.tar";
constexpr std::string_view kOciNondistributableLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar";

}  // namespace

bool is_manifest_type(std::string_view type) {
  return type == media_type::kOciManifest || type == media_type::kOciIndex || type == media_type::kDockerManifest ||
         type == media_type::kDockerManifestList;
}

bool is_index_type(std::string_view type) {
  return type == media_type::kOciIndex || type == media_type::kDockerManifestList;
}

bool is_foreign_layer_type(std::string_view type) {
  if (type == kDockerForeignLayer || type == kDockerForeignLayerPlain) return true;
  // "...v1.tar" with any compression: +gzip, +zstd.
  if (!type.starts_with(kOciNondistributableLayer)) return false;
  type.remove_prefix(kOciNondistributableLayer.size());
  return type.empty() || type.front() == '+';
}

std::string without_parameters(std::string_view type) {
  type = type.substr(0, type.find(';'));
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!type.empty() && is_space(type.front())) type.remove_prefix(1);
  while (!type.empty() && is_space(type.back())) type.remove_suffix(1);
  std::string plain(type);
  for (char& c : plain) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return plain;
}

}  // namespace berth
