#include "registry/manifest_class.h"

#include <algorithm>
#include <string_view>

#include "content/printable.h"

namespace berth {
namespace {

std::string_view class_of(std::string_view config_type) {
  if (config_type == "application/vnd.docker.container.image.v1+json") return "image";
  if (config_type == "application/vnd.oci.image.config.v1+json") return "image";
  if (config_type == "application/vnd.docker.plugin.v1+json") return "plugin";
  return {};
}

}  // namespace

Result<void> check_manifest_class(const Manifest& manifest, const std::vector<std::string>& allowed) {
  if (allowed.empty() || !manifest.config) return {};
  const std::string_view found = class_of(manifest.config->media_type);
  if (found.empty()) {
    return refuse(ErrorCode::denied, "unknown manifest class for " + printable(manifest.config->media_type));
  }
  if (std::ranges::find(allowed, found) != allowed.end()) return {};
  return refuse(ErrorCode::denied, "registry does not allow " + std::string(found) + " manifest");
}

}  // namespace berth
