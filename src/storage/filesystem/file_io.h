// Blocking system calls on files, with EINTR and short transfers taken care of. For jobs on the disk pool only.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace berth::file_io {

/// errno of a call that failed; 0 is never one.
using Errno = int;

/// Modes as Distribution gives them; the umask takes away.
inline constexpr mode_t kDirectoryMode = 0777;
inline constexpr mode_t kFileMode = 0666;

/// openat(2) with O_CLOEXEC added.
std::expected<UniqueFd, Errno> open_at_blocking(int directory, const std::string& path, int flags);

/// Writes everything at `offset`, or fails; how much was written by then is unknown.
std::optional<Errno> write_all_blocking(int fd, std::span<const std::byte> bytes, std::uint64_t offset);

/// Writes past the page cache (O_DIRECT) as many whole pages of `bytes` as the file system takes that way, from where
/// `offset` is a whole page and the bytes lie on one; how many bytes that were, 0 if none can be.
std::expected<std::size_t, Errno> write_direct_blocking(int fd, std::span<const std::byte> bytes, std::uint64_t offset);
/// What write_direct_blocking() wants memory to be aligned to.
inline constexpr std::size_t kDirectAlignment = 4096;

/// Reads until `into` is full or the file ends; how much it was.
std::expected<std::size_t, Errno> read_full_blocking(int fd, std::span<std::byte> into, std::uint64_t offset);

std::optional<Errno> truncate_blocking(int fd, std::uint64_t size_bytes);

/// fdatasync(2): the bytes and the size that is needed to read them.
std::optional<Errno> sync_data_blocking(int fd);

/// fsync(2) of an open directory.
std::optional<Errno> sync_entries_blocking(int fd);

WallTime modified_time(const struct stat& status);

}  // namespace berth::file_io
