#include "registry/copy_bytes.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/failure.h"

namespace berth {

namespace {

constexpr std::size_t kPieceBytes = 1024 * 1024;

std::optional<SharedBytes> read_all_blocking(const FileRegion& file) {
  std::string bytes(static_cast<std::size_t>(file.length), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const auto rest = std::as_writable_bytes(std::span(bytes)).subspan(filled);
    const std::size_t count = read_piece_blocking(file, filled, rest);
    if (count == 0) return std::nullopt;
    filled += count;
  }
  return SharedBytes(std::move(bytes));
}

}  // namespace

std::size_t read_piece_blocking(const FileRegion& file, std::uint64_t position, std::span<std::byte> into) {
  for (;;) {
    const ssize_t count =
        ::pread(file.file->get(), into.data(), into.size(), static_cast<off_t>(file.offset + position));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw failure_from_errno(FailureKind::storage, "reading a blob's file", errno);
  }
}

Task<> copy_bytes(ByteSource source, BlobUpload& into, BlockingPool& disk) {
  if (const SharedBytes* memory = source.memory()) {
    const std::string_view view = memory->view();
    co_await into.append(std::as_bytes(std::span(view.data(), view.size())));
    co_return;
  }
  const FileRegion file = *source.file();
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, file.length)));
  std::uint64_t position = 0;
  while (position < file.length) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), file.length - position));
    const std::size_t count =
        co_await run_blocking(disk, [&file, position, into_piece = std::span(piece).first(wanted)] {
          return read_piece_blocking(file, position, into_piece);
        });
    if (count == 0) throw Failure(FailureKind::storage, "a blob's file ends early");
    co_await into.append(std::span(piece).first(count));
    position += count;
  }
}

Task<std::optional<SharedBytes>> read_into_memory(ByteSource source, BlockingPool& disk) {
  if (const SharedBytes* memory = source.memory()) co_return *memory;
  const FileRegion file = *source.file();
  co_return co_await run_blocking(disk, [&file] { return read_all_blocking(file); });
}

}  // namespace berth
