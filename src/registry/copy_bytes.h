// copy_bytes: bytes at rest into an upload, or into memory.
#pragma once

#include <optional>

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

}  // namespace berth
