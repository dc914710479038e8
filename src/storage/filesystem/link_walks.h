// The walks over Distribution's link files on a disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/filesystem/directory_reader.h"
#include "storage/filesystem/volume.h"
#include "storage/link_tree.h"

namespace berth {

/// The link in that file; nothing if there is no file. Blocks.
std::optional<StoredLink> read_link_blocking(int root_fd, const std::string& path);

/// Whether it is a directory, links followed. Blocks.
bool is_directory_blocking(int root_fd, const std::string& path);

/// Names of directories below one another: `<algorithm>/<hex>`, in no order.
class DigestDirectories {
 public:
  DigestDirectories(int root_fd, std::string path);
  struct Entry {
    std::string place;  ///< "algorithm:hex"
    std::string path;
  };
  std::optional<Entry> next_blocking();

 private:
  const int root_fd_;
  const std::string path_;
  DirectoryReader algorithms_;
  std::string algorithm_;
  std::optional<DirectoryReader> own_;
};

class RepositoryWalk final : public TreeWalk<std::string> {
 public:
  explicit RepositoryWalk(Volume& volume) : volume_(volume) {}
  Task<std::vector<std::string>> next(std::size_t limit) override;

 private:
  struct Level {
    std::string name;  ///< of the repository that this directory would be; empty: of the directory of all
    DirectoryReader reader;
    bool is_told = false;
  };
  std::vector<std::string> next_blocking(std::size_t limit);
  void enter_blocking(std::string name);

  Volume& volume_;
  std::vector<Level> levels_;  ///< the way down to where the walk stands
  bool has_begun_ = false;
};

class LinkWalk final : public TreeWalk<DigestLink> {
 public:
  LinkWalk(Volume& volume, std::string path) : volume_(volume), path_(std::move(path)) {}
  Task<std::vector<DigestLink>> next(std::size_t limit) override;

 private:
  std::vector<DigestLink> next_blocking(std::size_t limit);

  Volume& volume_;
  const std::string path_;
  std::optional<DigestDirectories> directories_;
};

class TagWalk final : public TreeWalk<TagLinks> {
 public:
  TagWalk(Volume& volume, std::string path) : volume_(volume), path_(std::move(path)) {}
  Task<std::vector<TagLinks>> next(std::size_t limit) override;

 private:
  std::vector<TagLinks> next_blocking(std::size_t limit);
  TagLinks read_tag_blocking(std::string name) const;

  Volume& volume_;
  const std::string path_;
  std::optional<DirectoryReader> reader_;
};

class UploadWalk final : public TreeWalk<TreeUpload> {
 public:
  UploadWalk(Volume& volume, std::string path) : volume_(volume), path_(std::move(path)) {}
  Task<std::vector<TreeUpload>> next(std::size_t limit) override;

 private:
  std::vector<TreeUpload> next_blocking(std::size_t limit);

  Volume& volume_;
  const std::string path_;
  std::optional<DirectoryReader> reader_;
};

}  // namespace berth
