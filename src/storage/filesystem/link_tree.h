// FilesystemLinkTree: Distribution's link files under the root directory.
#pragma once

#include <string>
#include <vector>

#include "storage/filesystem/volume.h"
#include "storage/link_tree.h"

namespace berth {

class FilesystemLinkTree final : public LinkTree {
 public:
  explicit FilesystemLinkTree(Volume& volume) : volume_(volume) {}

  std::unique_ptr<TreeWalk<std::string>> repositories() override;
  std::unique_ptr<TreeWalk<DigestLink>> links(std::string repository, LinkKind kind) override;
  std::unique_ptr<TreeWalk<TagLinks>> tags(std::string repository) override;
  std::unique_ptr<TreeWalk<TreeUpload>> uploads(std::string repository) override;
  Task<bool> has_repository(std::string repository) override;
  Task<WallTime> last_changed(std::string repository) override;
  Task<std::vector<std::size_t>> apply(std::vector<WantedLink> wanted, LinkAction action) override;
  Task<> sync() override;

 private:
  Volume& volume_;
};

}  // namespace berth
