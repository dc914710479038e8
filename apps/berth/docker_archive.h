// Docker's archives (docker save, docker load): to and from OCI layouts. Tar is libarchive's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace berth {

/// An image of an archive, as a layout has it.
struct ArchivedImage {
  std::vector<std::string> names;  ///< "app:v1", as docker calls it; may be none
  std::string layout_name;         ///< org.opencontainers.image.ref.name
};

/// Makes an OCI layout in `directory`, which is empty, of what `file` holds (also compressed). Blocks. Throws
/// Failure(storage) with one line: no archive of docker save, or a damaged one.
std::vector<ArchivedImage> unpack_docker_archive(const std::string& file, const std::filesystem::path& directory);

/// The other way: images of one layout, each under its layout's name as `names` has it. An index is no image: it is
/// refused.
void pack_docker_archive(const std::filesystem::path& directory, const std::string& file);

/// A directory of the command's own, gone with it.
class ScratchDirectory {
 public:
  /// In $TMPDIR, else /tmp.
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace berth
