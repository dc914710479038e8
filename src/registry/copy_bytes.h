// copy_bytes: bytes at rest into an upload, or into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "async/byte_source.h"
#include "async/run_blocking.h"
#include "async/task.h"
#include "storage/blob_uploads.h"

namespace berth {

/// Appends all of `source`. Reads files on `disk`. Throws Failure(storage) also if the file ends early, and what
/// append() throws.
Task<> copy_bytes(ByteSource source, BlobUpload& into, BlockingPool& disk);

/// All of `source`, which is small, read on `disk`. Nothing if the file ends early. Throws Failure(storage).
Task<std::optional<SharedBytes>> read_into_memory(ByteSource source, BlockingPool& disk);

/// Bytes of the region from `position` on, as many as the system gives at once; 0 is the file's end. For jobs on the
/// disk pool. Throws Failure(storage).
std::size_t read_piece_blocking(const FileRegion& file, std::uint64_t position, std::span<std::byte> into);

}  // namespace berth
