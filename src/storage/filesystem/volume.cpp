#include "storage/filesystem/volume.h"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <thread>

#include "base/failure.h"
#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/layout.h"

namespace berth {
namespace {

std::string parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string(".") : std::string(path.substr(0, slash));
}

/// mkdir -p that syncs the parent of each directory it made.
void make_root(const std::string& root) {
  for (std::size_t end = root.find('/', 1);; end = root.find('/', end + 1)) {
    const std::string path = root.substr(0, end);
    if (::mkdir(path.c_str(), file_io::kDirectoryMode) == 0) {
      const std::string parent = path.find('/') == 0 && path.rfind('/') == 0 ? "/" : parent_of(path);
      const auto directory = file_io::open_at_blocking(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY);
      if (!directory) throw storage_failure("open " + parent, directory.error());
      if (const auto error = file_io::sync_entries_blocking(directory->get()))
        throw storage_failure("fsync " + parent, *error);
    } else if (errno != EEXIST && errno != EROFS && errno != EACCES) {
      // Read-only or forbidden parents are fine as long as the rest exists: opening the root decides.
      throw storage_failure("mkdir " + path, errno);
    }
    if (end == std::string::npos) return;
  }
}

}  // namespace

Volume::Volume(FilesystemOptions options, BlockingPool& disk, Entropy& entropy)
    : options_(std::move(options)),
      disk_(disk),
      entropy_(entropy),
      core_count_(std::thread::hardware_concurrency()),
      directory_syncs_([this](const std::string& path) { return sync_directory_alone_blocking(path); }) {
  auto root = file_io::open_at_blocking(AT_FDCWD, options_.root, O_RDONLY | O_DIRECTORY);
  if (!root && root.error() == ENOENT) {
    make_root(options_.root);
    root = file_io::open_at_blocking(AT_FDCWD, options_.root, O_RDONLY | O_DIRECTORY);
  }
  if (!root) throw storage_failure("the root directory " + options_.root, root.error());
  root_ = std::move(*root);
}

// A directory is trusted only after this process has synced its parent: another request, or a process that was killed,
// may have made it without the entry being on stable storage yet.
void Volume::ensure_directory_blocking(std::string_view path) {
  {
    const std::scoped_lock lock(mutex_);
    if (durable_directories_.contains(path)) return;
  }
  const std::string name(path);
  const std::string parent = parent_of(path);
  bool made_directory = false;
  // A second round if a parent that we knew was removed: somebody tidied up empty directories.
  for (bool is_last_try = false;; is_last_try = true) {
    if (parent != ".") ensure_directory_blocking(parent);
    made_directory = ::mkdirat(root_.get(), name.c_str(), file_io::kDirectoryMode) == 0;
    if (made_directory || errno == EEXIST) break;
    if (errno != ENOENT || is_last_try) throw storage_failure("mkdir " + name, errno);
    forget_directories();
  }
  try {
    sync_directory_blocking(parent);
  } catch (const Failure&) {
    // As in place_blob_blocking: what a failed sync covered is made anew, not synced again.
    if (made_directory) ::unlinkat(root_.get(), name.c_str(), AT_REMOVEDIR);
    throw;
  }
  const std::scoped_lock lock(mutex_);
  durable_directories_.insert(name);
}

void Volume::forget_directories() {
  const std::scoped_lock lock(mutex_);
  durable_directories_.clear();
}

void Volume::sync_directory_blocking(const std::string& path) {
  if (const auto error = directory_syncs_.sync_blocking(path)) throw storage_failure("fsync " + path, *error);
}

std::optional<int> Volume::sync_directory_alone_blocking(const std::string& path) {
  const auto directory = file_io::open_at_blocking(root_.get(), path, O_RDONLY | O_DIRECTORY);
  if (!directory) return directory.error();
  return file_io::sync_entries_blocking(directory->get());
}

std::expected<UniqueFd, int> Volume::open_own_file_blocking(std::string_view directory, const std::string& name,
                                                            int flags) {
  const std::string path = std::string(directory) + "/" + name;
  if ((flags & O_CREAT) == 0) return file_io::open_at_blocking(root_.get(), path, flags | O_RDWR | O_NOFOLLOW);
  ensure_directory_blocking(directory);
  auto file = file_io::open_at_blocking(root_.get(), path, flags | O_RDWR | O_NOFOLLOW);
  if (!file && file.error() == ENOENT) {
    forget_directories();  // removed since we knew it
    ensure_directory_blocking(directory);
    file = file_io::open_at_blocking(root_.get(), path, flags | O_RDWR | O_NOFOLLOW);
  }
  return file;
}

void Volume::place_blob_blocking(const std::string& from, const Digest& digest) {
  const std::string path = layout::blob_path(digest);
  const std::string own = parent_of(path);
  const std::string prefix = parent_of(own);
  bool made_directory = false;
  // A second round if the prefix we knew, or the directory just found, was removed meanwhile.
  for (bool is_last_try = false;; is_last_try = true) {
    ensure_directory_blocking(prefix);
    made_directory = ::mkdirat(root_.get(), own.c_str(), file_io::kDirectoryMode) == 0;
    int error = made_directory || errno == EEXIST ? 0 : errno;
    if (error == 0) {
      if (::renameat(root_.get(), from.c_str(), root_.get(), path.c_str()) == 0) break;
      error = errno;
      if (made_directory) ::unlinkat(root_.get(), own.c_str(), AT_REMOVEDIR);
    }
    if (error == EXDEV) {
      throw Failure(FailureKind::storage, "berth/ and docker/registry/v2/blobs must lie on one file system");
    }
    if (error != ENOENT || is_last_try) throw storage_failure("rename to " + path, error);
    forget_directories();
  }
  try {
    sync_directory_blocking(own);
    sync_directory_blocking(prefix);
  } catch (const Failure&) {
    // The entries of a failed sync are not tried again: the next push makes new ones. What lay there before stays.
    if (made_directory && ::unlinkat(root_.get(), path.c_str(), 0) == 0) {
      ::unlinkat(root_.get(), own.c_str(), AT_REMOVEDIR);
    }
    throw;
  }
}

bool Volume::remove_blob_blocking(const Digest& digest) {
  const std::string path = layout::blob_path(digest);
  const std::string own = parent_of(path);
  const std::string prefix = parent_of(own);
  bool was_there = true;
  if (::unlinkat(root_.get(), path.c_str(), 0) != 0) {
    if (errno == ENOTDIR || errno == EISDIR) return false;  // not a blob, and not ours to remove
    if (errno != ENOENT) throw storage_failure("unlink " + path, errno);
    was_there = false;
  }
  // Also when nothing was there: a removal that a killed process began may not be on stable storage yet.
  const bool directory_went = ::unlinkat(root_.get(), own.c_str(), AT_REMOVEDIR) == 0;
  if (!directory_went && errno == ENOENT) {
    struct stat status;
    if (::fstatat(root_.get(), prefix.c_str(), &status, 0) == 0) sync_directory_blocking(prefix);
    return was_there;
  }
  sync_directory_blocking(directory_went ? prefix : own);
  return was_there;
}

std::optional<std::string> Volume::quarantine_blob_blocking(const Digest& digest) {
  const std::string path = layout::blob_path(digest);
  struct stat status;
  if (::fstatat(root_.get(), path.c_str(), &status, 0) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw storage_failure("stat " + path, errno);
  }
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  ensure_directory_blocking(layout::kQuarantine);
  // Nobody else takes a name of this digest: the caller holds its lock, and this process the root's.
  std::string place;
  for (unsigned number = 1;; ++number) {
    place = layout::quarantine_path(digest, number);
    if (::fstatat(root_.get(), place.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) break;
  }
  if (errno != ENOENT) throw storage_failure("stat " + place, errno);
  if (::renameat(root_.get(), path.c_str(), root_.get(), place.c_str()) != 0) {
    throw storage_failure("rename to " + place, errno);
  }
  // The new entry first: a power cut between the two leaves the file with two names rather than with none.
  sync_directory_blocking(std::string(layout::kQuarantine));
  sync_directory_blocking(parent_of(path));
  return place;
}

void Volume::probe_blocking() {
  struct stat by_path;
  struct stat by_fd;
  if (::stat(options_.root.c_str(), &by_path) != 0) throw storage_failure("the root directory " + options_.root, errno);
  if (::fstat(root_.get(), &by_fd) != 0) throw storage_failure("the root directory " + options_.root, errno);
  if (by_path.st_dev != by_fd.st_dev || by_path.st_ino != by_fd.st_ino) {
    throw Failure(FailureKind::storage, "the root directory " + options_.root + " is another one than at the start");
  }
  try {
    const Temporary probe(*this);
  } catch (const Failure& failure) {
    // A full disk refuses pushes by itself and still serves: it is not ill.
    if (failure.kind() != FailureKind::storage_full) throw;
  }
}

}  // namespace berth
