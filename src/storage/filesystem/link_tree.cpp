#include "storage/filesystem/link_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "storage/filesystem/directory_reader.h"
#include "storage/filesystem/file_io.h"
#include "storage/filesystem/link_walks.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/layout.h"

namespace berth {
namespace {

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// One change of the tree. Nothing here is synced: LinkTree::sync() does it for all.
class TreeChange {
 public:
  TreeChange(Volume& volume, LinkAction action) : volume_(volume), action_(action) {}

  /// True if it was, or is, otherwise.
  bool make(const WantedLink& wanted) {
    const std::string& name = wanted.repository.text();
    switch (wanted.place) {
      case WantedLink::Place::revision:
        return make_link(layout::revision_path(name, *wanted.item), wanted);
      case WantedLink::Place::layer:
        return make_link(layout::layer_path(name, *wanted.item), wanted);
      case WantedLink::Place::tag:
        return make_tag(layout::tag_path(name, wanted.tag->text()), wanted);
      case WantedLink::Place::repository:
        return wanted.digest ? false : remove_repository(name);
    }
    return false;
  }

 private:
  bool is_writing() const { return action_ == LinkAction::write; }

  bool make_link(const std::string& directory, const WantedLink& wanted) {
    if (wanted.digest) return put(directory + "/link", *wanted.digest, wanted.since);
    return remove_link(directory);
  }

  bool make_tag(const std::string& directory, const WantedLink& wanted) {
    if (!wanted.digest) {
      if (!exists(directory)) return false;
      if (is_writing()) remove_with_parents(directory);
      return true;
    }
    // As Distribution does it: what the tag names now comes last.
    const Digest& digest = *wanted.digest;
    std::string entry = directory + "/index/";
    entry.append(digest.algorithm_name()).append("/").append(digest.hex()).append("/link");
    const bool changed_index = put(entry, digest, wanted.since);
    const bool changed_current = put(directory + "/current/link", digest, wanted.since);
    return changed_index || changed_current;
  }

  bool put(const std::string& path, const Digest& digest, std::optional<WallTime> since) {
    const std::optional<StoredLink> link = read_link_blocking(volume_.root_fd(), path);
    if (link && link->digest == digest) return false;
    if (!is_writing()) return true;
    Volume::Temporary temporary(volume_);
    const std::string text = digest.to_string();
    if (const auto error = file_io::write_all_blocking(temporary.fd(), std::as_bytes(std::span(text)), 0)) {
      throw storage_failure("write " + temporary.path(), *error);
    }
    if (since) set_time(temporary.fd(), *since);
    make_directories(parent_of(path));
    if (::renameat(volume_.root_fd(), temporary.path().c_str(), volume_.root_fd(), path.c_str()) != 0) {
      throw storage_failure("rename to " + path, errno);
    }
    temporary.release();
    return true;
  }

  /// That it cannot be set is no reason to do without the link.
  static void set_time(int file, WallTime since) {
    const auto micros = since.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(micros);
    const timespec at{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(micros - seconds).count()};
    const std::array<timespec, 2> times{at, at};
    ::futimens(file, times.data());
  }

  void make_directories(const std::string& path) {
    if (::mkdirat(volume_.root_fd(), path.c_str(), file_io::kDirectoryMode) == 0 || errno == EEXIST) return;
    if (errno != ENOENT) throw storage_failure("mkdir " + path, errno);
    make_directories(parent_of(path));
    if (::mkdirat(volume_.root_fd(), path.c_str(), file_io::kDirectoryMode) != 0 && errno != EEXIST) {
      throw storage_failure("mkdir " + path, errno);
    }
  }

  bool remove_link(const std::string& directory) {
    if (!exists(directory + "/link")) return false;
    // Old versions kept signatures beside the link of a manifest.
    if (is_writing()) remove_with_parents(directory);
    return true;
  }

  /// And what is empty then: a registry would list a repository that has nothing but directories.
  void remove_with_parents(const std::string& directory) {
    remove_tree(directory);
    remove_empty(parent_of(directory));
  }

  /// Up to the directory of all repositories. Others may lie in one of them.
  void remove_empty(std::string path) {
    for (; path.size() > layout::kRepositories.size(); path = parent_of(path)) {
      if (::unlinkat(volume_.root_fd(), path.c_str(), AT_REMOVEDIR) != 0) return;
    }
  }

  bool remove_repository(const std::string& name) {
    const std::string own = layout::repository_path(name);
    bool was_there = false;
    for (const std::string_view part : {std::string_view("_manifests"), layout::kLayers, layout::kTreeUploads}) {
      const std::string path = std::string(own).append("/").append(part);
      if (!exists(path)) continue;
      was_there = true;
      if (is_writing()) remove_tree(path);
    }
    if (!was_there || !is_writing()) return was_there;
    remove_empty(own);
    return true;
  }

  bool exists(const std::string& path) const {
    struct stat status;
    return ::fstatat(volume_.root_fd(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  }

  void remove_tree(const std::string& path) {
    if (::unlinkat(volume_.root_fd(), path.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) throw storage_failure("unlink " + path, errno);
    std::vector<std::string> names;
    {
      DirectoryReader reader(volume_.root_fd(), path);
      while (std::optional<std::string> name = reader.next()) names.push_back(*std::move(name));
    }
    for (const std::string& name : names) remove_tree(std::string(path).append("/").append(name));
    if (::unlinkat(volume_.root_fd(), path.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
      throw storage_failure("rmdir " + path, errno);
    }
  }

  Volume& volume_;
  const LinkAction action_;
};

std::string path_of(const std::string& repository, std::string_view part) {
  return layout::repository_path(repository).append("/").append(part);
}

WallTime modified_blocking(int root_fd, const std::string& path) {
  struct stat status;
  return ::fstatat(root_fd, path.c_str(), &status, 0) == 0 ? file_io::modified_time(status) : WallTime();
}

}  // namespace

std::unique_ptr<TreeWalk<std::string>> FilesystemLinkTree::repositories() {
  return std::make_unique<RepositoryWalk>(volume_);
}

std::unique_ptr<TreeWalk<DigestLink>> FilesystemLinkTree::links(std::string repository, LinkKind kind) {
  const std::string_view part = kind == LinkKind::revision ? layout::kRevisions : layout::kLayers;
  return std::make_unique<LinkWalk>(volume_, path_of(repository, part));
}

std::unique_ptr<TreeWalk<TagLinks>> FilesystemLinkTree::tags(std::string repository) {
  return std::make_unique<TagWalk>(volume_, path_of(repository, layout::kTags));
}

std::unique_ptr<TreeWalk<TreeUpload>> FilesystemLinkTree::uploads(std::string repository) {
  return std::make_unique<UploadWalk>(volume_, path_of(repository, layout::kTreeUploads));
}

Task<bool> FilesystemLinkTree::has_repository(std::string repository) {
  co_return co_await run_blocking(volume_.disk(), [this, &repository] {
    return is_directory_blocking(volume_.root_fd(), path_of(repository, "_manifests")) ||
           is_directory_blocking(volume_.root_fd(), path_of(repository, layout::kLayers));
  });
}

Task<WallTime> FilesystemLinkTree::last_changed(std::string repository) {
  co_return co_await run_blocking(volume_.disk(), [this, &repository] {
    WallTime latest{};
    for (const std::string_view part : {std::string_view("_manifests/revisions/sha256"), layout::kTags,
                                        std::string_view("_layers/sha256"), layout::kTreeUploads}) {
      latest = std::max(latest, modified_blocking(volume_.root_fd(), path_of(repository, part)));
    }
    return latest;
  });
}

Task<std::vector<std::size_t>> FilesystemLinkTree::apply(std::vector<WantedLink> wanted, LinkAction action) {
  co_return co_await run_blocking(volume_.disk(), [this, &wanted, action] {
    TreeChange change(volume_, action);
    std::vector<std::size_t> differing;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (change.make(wanted[i])) differing.push_back(i);
    }
    return differing;
  });
}

Task<> FilesystemLinkTree::sync() {
  // Each change is several directories and files, and none is waited for by a client.
  co_await run_blocking(volume_.disk(), [this] {
    if (::syncfs(volume_.root_fd()) != 0) throw storage_failure("syncfs of the root directory", errno);
  });
}

}  // namespace berth
