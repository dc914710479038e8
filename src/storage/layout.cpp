#include "storage/layout.h"

namespace berth::layout {

std::string blob_path(const Digest& digest) {
  const std::string hex = digest.hex();
  std::string path("docker/registry/v2/blobs/");
  path.append(digest.algorithm_name()).append("/").append(hex, 0, 2).append("/").append(hex).append("/data");
  return path;
}

}  // namespace berth::layout
