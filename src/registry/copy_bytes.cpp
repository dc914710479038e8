#include "registry/copy_bytes.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <vector>

#include "base/failure.h"

namespace berth {

namespace {

constexpr std::size_t kPieceBytes = 1024 * 1024;

std::size_t read_piece_blocking(const FileRegion& file, std::uint64_t position, std::span<std::byte> into) {
  for (;;) {
    const ssize_t count =
        ::pread(file.file->get(), into.data(), into.size(), static_cast<off_t>(file.offset + position));
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) throw Failure(FailureKind::storage, "a blob's file ends early");
    if (errno != EINTR) throw failure_from_errno(FailureKind::storage, "reading a blob's file", errno);
  }
}

}  // namespace

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
    co_await into.append(std::span(piece).first(count));
    position += count;
  }
}

}  // namespace berth
