#include "storage/filesystem/blob_store.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/layout.h"

namespace berth {
namespace {

/// Files up to here are brought into memory before they are sent: a loop that sends them never waits for the disk.
constexpr off_t kReadWholeBytes = 1024 * 1024;

/// Advice alone would leave the waiting to whoever sends. An error is met again there.
void bring_into_memory_blocking(int file, off_t size) {
  ::posix_fadvise(file, 0, 0, POSIX_FADV_WILLNEED);
  char last = 0;
  [[maybe_unused]] const ssize_t ignored = ::pread(file, &last, 1, size - 1);
}

// ENXIO: a socket or a pipe stands there. ELOOP: links in a circle. Nothing of that is a blob.
bool is_absent(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENXIO || error == ELOOP;
}

}  // namespace

Task<std::optional<BlobInfo>> FilesystemBlobStore::find(Digest digest) {
  co_return co_await run_blocking(volume_.disk(), [this, &digest] { return find_blocking(digest); });
}

std::optional<BlobInfo> FilesystemBlobStore::find_blocking(const Digest& digest) {
  const std::string path = layout::blob_path(digest);
  struct stat status;
  if (::fstatat(volume_.root_fd(), path.c_str(), &status, 0) != 0) {
    if (is_absent(errno)) return std::nullopt;
    throw storage_failure("stat " + path, errno);
  }
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return BlobInfo{.size_bytes = static_cast<std::uint64_t>(status.st_size)};
}

Task<std::optional<ByteSource>> FilesystemBlobStore::open(Digest digest) {
  std::optional<FileRegion> region =
      co_await run_blocking(volume_.disk(), [this, &digest] { return open_blocking(digest); });
  if (!region) co_return std::nullopt;
  co_return ByteSource(std::move(*region));
}

std::optional<FileRegion> FilesystemBlobStore::open_blocking(const Digest& digest) {
  const std::string path = layout::blob_path(digest);
  // O_NONBLOCK means nothing to a file, and a pipe in its place does not hold the thread.
  auto file = file_io::open_at_blocking(volume_.root_fd(), path, O_RDONLY | O_NONBLOCK);
  if (!file) {
    if (is_absent(file.error())) return std::nullopt;
    throw storage_failure("open " + path, file.error());
  }
  struct stat status;
  if (::fstat(file->get(), &status) != 0) throw storage_failure("stat " + path, errno);
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  if (status.st_size > kReadWholeBytes) {
    // Read from its start to its end, nearly always: the kernel reads twice as far ahead then.
    ::posix_fadvise(file->get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  } else if (status.st_size > 0) {
    bring_into_memory_blocking(file->get(), status.st_size);
  }
  return FileRegion{.file = std::make_shared<const UniqueFd>(std::move(*file)),
                    .offset = 0,
                    .length = static_cast<std::uint64_t>(status.st_size)};
}

Task<> FilesystemBlobStore::put(Digest digest, SharedBytes bytes) {
  co_await run_blocking(volume_.disk(), [this, &digest, &bytes] { put_blocking(digest, bytes); });
}

void FilesystemBlobStore::put_blocking(const Digest& digest, const SharedBytes& bytes) {
  Volume::Temporary temporary(volume_);
  temporary.write_durably_blocking(bytes.view());
  volume_.place_blob_blocking(temporary.path(), digest);
  temporary.release();
}

Task<bool> FilesystemBlobStore::delete_without_reference_check(Digest digest) {
  co_return co_await run_blocking(volume_.disk(), [this, &digest] { return volume_.remove_blob_blocking(digest); });
}

Task<StorageSpace> FilesystemBlobStore::space() {
  co_return co_await run_blocking(volume_.disk(), [this] { return space_blocking(); });
}

StorageSpace FilesystemBlobStore::space_blocking() {
  struct statvfs status;
  while (::fstatvfs(volume_.root_fd(), &status) != 0) {
    if (errno != EINTR) throw storage_failure("statvfs of the root directory", errno);
  }
  return {.total_bytes = std::uint64_t{status.f_blocks} * status.f_frsize,
          .available_bytes = std::uint64_t{status.f_bavail} * status.f_frsize};
}

Task<> FilesystemBlobStore::check_health() {
  co_await run_blocking(volume_.disk(), [this] { volume_.probe_blocking(); });
}

}  // namespace berth
