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

std::string repository_path(std::string_view repository) {
  return std::string(kRepositories).append("/").append(repository);
}

namespace {

std::string link_path(std::string_view repository, std::string_view part, const Digest& digest) {
  return repository_path(repository)
      .append("/")
      .append(part)
      .append("/")
      .append(digest.algorithm_name())
      .append("/")
      .append(digest.hex());
}

}  // namespace

std::string revision_path(std::string_view repository, const Digest& digest) {
  return link_path(repository, kRevisions, digest);
}

std::string layer_path(std::string_view repository, const Digest& digest) {
  return link_path(repository, kLayers, digest);
}

std::string tag_path(std::string_view repository, std::string_view tag) {
  return repository_path(repository).append("/").append(kTags).append("/").append(tag);
}

std::string quarantine_path(const Digest& digest, unsigned number) {
  std::string path(kQuarantine);
  path.append("/").append(digest.algorithm_name()).append("-").append(digest.hex());
  if (number > 1) path.append(".").append(std::to_string(number));
  return path;
}

}  // namespace berth::layout
