#include "storage/layout.h"

namespace berth::layout {

std::string blob_path(const Digest& digest) {
  const std::string hex = digest.hex();
  std::string path(kBlobs);
  path.append("/")
      .append(digest.algorithm_name())
      .append("/")
      .append(hex, 0, 2)
      .append("/")
      .append(hex)
      .append("/data");
  return path;
}

std::string quarantine_path(const Digest& digest, unsigned number) {
  std::string path(kQuarantine);
  path.append("/").append(digest.algorithm_name()).append("-").append(digest.hex());
  if (number > 1) path.append(".").append(std::to_string(number));
  return path;
}

}  // namespace berth::layout
