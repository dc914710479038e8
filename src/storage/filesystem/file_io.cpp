#include "storage/filesystem/file_io.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace berth::file_io {

std::expected<UniqueFd, Errno> open_at_blocking(int directory, const std::string& path, int flags) {
  for (;;) {
    const int fd = ::openat(directory, path.c_str(), flags | O_CLOEXEC, kFileMode);
    if (fd >= 0) return UniqueFd(fd);
    if (errno != EINTR) return std::unexpected(errno);
  }
}

std::optional<Errno> write_all_blocking(int fd, std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    // A regular file takes at least a byte or says why not; without this a broken file system would spin us.
    if (count == 0) return EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return std::nullopt;
}

std::expected<std::size_t, Errno> write_direct_blocking(int fd, std::span<const std::byte> bytes,
                                                        std::uint64_t offset) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  if ((address | offset) % kDirectAlignment != 0) return 0;
  bytes = bytes.first(bytes.size() - bytes.size() % kDirectAlignment);
  if (bytes.empty() || ::fcntl(fd, F_SETFL, O_DIRECT) != 0) return 0;
  std::size_t written = 0;
  std::optional<Errno> error;
  // What went short goes on past the cache only from a whole page.
  while (!error && written < bytes.size() && written % kDirectAlignment == 0) {
    const ssize_t count =
        ::pwrite(fd, bytes.data() + written, bytes.size() - written, static_cast<off_t>(offset + written));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) break;
    if (count < 0) {
      error = errno;
    } else {
      written += static_cast<std::size_t>(count);
    }
  }
  ::fcntl(fd, F_SETFL, 0);
  // File systems without it say EINVAL, at the open flag or at the first write; then it goes the other way.
  if (error && *error != EINVAL && *error != EOPNOTSUPP) return std::unexpected(*error);
  return written;
}

std::expected<std::size_t, Errno> read_full_blocking(int fd, std::span<std::byte> into, std::uint64_t offset) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const ssize_t count = ::pread(fd, into.data() + filled, into.size() - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

std::optional<Errno> truncate_blocking(int fd, std::uint64_t size_bytes) {
  while (::ftruncate(fd, static_cast<off_t>(size_bytes)) != 0) {
    if (errno != EINTR) return errno;
  }
  return std::nullopt;
}

std::optional<Errno> sync_data_blocking(int fd) {
  // EINTR says that nothing was tried; any other error means that pages may have been dropped, and is final.
  while (::fdatasync(fd) != 0) {
    if (errno != EINTR) return errno;
  }
  return std::nullopt;
}

std::optional<Errno> sync_entries_blocking(int fd) {
  while (::fsync(fd) != 0) {
    if (errno != EINTR) return errno;
  }
  return std::nullopt;
}

WallTime modified_time(const struct stat& status) {
  return WallTime(std::chrono::seconds(status.st_mtim.tv_sec) +
                  std::chrono::microseconds(status.st_mtim.tv_nsec / 1000));
}

}  // namespace berth::file_io
