#include "migration/blob_hash.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "content/hasher.h"
#include "registry/copy_bytes.h"

namespace berth {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
/// What others of the pool wait for at most.
constexpr std::uint64_t kJobBytes = 16 << 20;

}  // namespace

Task<bool> has_its_bytes(BlobStore& blobs, BlockingPool& disk, Digest digest) {
  const std::optional<ByteSource> source = co_await blobs.open(digest);
  if (!source) co_return false;
  Hasher hasher(digest.algorithm());
  if (const SharedBytes* memory = source->memory()) {
    hasher.update(std::as_bytes(std::span(memory->view())));
    co_return hasher.digest() == digest;
  }
  const FileRegion& file = *source->file();
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPieceBytes, std::max<std::uint64_t>(file.length, 1)));
  std::uint64_t position = 0;
  while (position < file.length) {
    const bool goes_on = co_await run_blocking(disk, [&] {
      const std::uint64_t end = std::min(file.length, position + kJobBytes);
      while (position < end) {
        const std::uint64_t wanted = std::min<std::uint64_t>(piece.size(), end - position);
        const std::size_t count = read_piece_blocking(file, position, std::span(piece).first(wanted));
        if (count == 0) return false;  // shorter than it was a moment ago
        hasher.update(std::span(piece).first(count));
        position += count;
      }
      return true;
    });
    if (!goes_on) co_return false;
  }
  co_return hasher.digest() == digest;
}

}  // namespace berth
