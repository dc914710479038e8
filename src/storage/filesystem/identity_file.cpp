#include "storage/filesystem/identity_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "storage/filesystem/directory_reader.h"
#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/layout.h"

namespace berth {
namespace {

constexpr std::size_t kIdLimit = 128;
const std::string kPath(layout::kIdentity);

// What we write is a UUID; what is read may be of a later version, but is always one short word.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdLimit && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

Task<std::optional<std::string>> FilesystemIdentityFile::read() {
  co_return co_await run_blocking(volume_.disk(), [this] { return read_blocking(); });
}

std::optional<std::string> FilesystemIdentityFile::read_blocking() {
  const auto file = file_io::open_at_blocking(volume_.root_fd(), kPath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) {
    if (file.error() == ENOENT) return std::nullopt;
    throw storage_failure("open " + kPath, file.error());
  }
  std::string text(kIdLimit + 2, '\0');  // one more than an id and its newline: longer files are noticed
  const auto count = file_io::read_full_blocking(file->get(), std::as_writable_bytes(std::span(text)), 0);
  if (!count) throw storage_failure("read " + kPath, count.error());
  text.resize(*count);
  if (text.ends_with('\n')) text.pop_back();
  if (!is_id(text)) throw Failure(FailureKind::storage, kPath + " is not an id that Berth wrote");
  return text;
}

Task<> FilesystemIdentityFile::create(std::string id) {
  co_await run_blocking(volume_.disk(), [this, &id] { create_blocking(id); });
}

void FilesystemIdentityFile::create_blocking(const std::string& id) {
  if (!is_id(id)) throw Failure(FailureKind::internal, "not an id for " + kPath);
  Volume::Temporary temporary(volume_);
  temporary.write_durably_blocking(id + "\n");
  const int root = volume_.root_fd();
  int result = ::renameat2(root, temporary.path().c_str(), root, kPath.c_str(), RENAME_NOREPLACE);
  if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
    // A file system without the flag: the lock file keeps other writers away, so looking first is as good.
    struct stat status;
    if (::fstatat(root, kPath.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      throw storage_failure("create " + kPath, EEXIST);
    }
    result = ::renameat(root, temporary.path().c_str(), root, kPath.c_str());
  }
  if (result != 0) throw storage_failure("create " + kPath, errno);
  temporary.release();
  volume_.sync_directory_blocking("berth");
}

Task<bool> FilesystemIdentityFile::has_foreign_repositories() {
  co_return co_await run_blocking(volume_.disk(), [this] {
    return DirectoryReader(volume_.root_fd(), std::string(layout::kRepositories)).next().has_value();
  });
}

}  // namespace berth
