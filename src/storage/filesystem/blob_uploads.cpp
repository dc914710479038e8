#include "storage/filesystem/blob_uploads.h"

#include <unistd.h>

#include <cerrno>
#include <set>

#include "storage/filesystem/directory_reader.h"
#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/layout.h"

namespace berth {
namespace {

std::string path_of(const UploadId& id) {
  return std::string(layout::kUploads) + "/" + id.text();
}

}  // namespace

Task<std::unique_ptr<BlobUpload>> FilesystemBlobUploads::open(UploadId id, UploadProgress progress) {
  auto upload = std::make_unique<FilesystemBlobUpload>(volume_, id, progress);
  if (progress.durable_offset == 0) co_return upload;
  const bool is_there = co_await run_blocking(volume_.disk(), [&upload] { return upload->open_blocking(); });
  if (!is_there) co_return nullptr;
  co_return upload;
}

Task<bool> FilesystemBlobUploads::remove(UploadId id) {
  co_return co_await run_blocking(volume_.disk(), [this, &id] { return remove_blocking(id); });
}

bool FilesystemBlobUploads::remove_blocking(const UploadId& id) {
  if (::unlinkat(volume_.root_fd(), path_of(id).c_str(), 0) == 0) return true;
  if (errno == ENOENT) return false;
  throw storage_failure("unlink " + path_of(id), errno);
}

Task<std::vector<UploadFile>> FilesystemBlobUploads::list(std::optional<UploadId> after, std::size_t limit) {
  co_return co_await run_blocking(volume_.disk(), [this, &after, limit] { return list_blocking(after, limit); });
}

std::vector<UploadFile> FilesystemBlobUploads::list_blocking(const std::optional<UploadId>& after, std::size_t limit) {
  // The directory has no order: keep the `limit` smallest ids seen, in memory that does not grow with the directory.
  std::set<UploadId> page;
  DirectoryReader reader(volume_.root_fd(), std::string(layout::kUploads));
  while (const std::optional<std::string> name = reader.next()) {
    Result<UploadId> id = UploadId::parse(*name);
    if (!id || (after && *id <= *after)) continue;
    page.insert(std::move(*id));
    if (page.size() > limit) page.erase(std::prev(page.end()));
  }
  std::vector<UploadFile> files;
  for (const UploadId& id : page) {
    struct stat status;
    if (::fstatat(volume_.root_fd(), path_of(id).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // ended meanwhile
      throw storage_failure("stat " + path_of(id), errno);
    }
    if (S_ISREG(status.st_mode)) files.push_back({.id = id, .modified = file_io::modified_time(status)});
  }
  return files;
}

Task<std::size_t> FilesystemBlobUploads::remove_stale_temporaries(WallTime older_than) {
  co_return co_await run_blocking(volume_.disk(),
                                  [this, older_than] { return volume_.remove_stale_temporaries_blocking(older_than); });
}

}  // namespace berth
