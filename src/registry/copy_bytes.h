// copy_bytes: bytes at rest into an upload.
#pragma once

#include "async/byte_source.h"
#include "async/run_blocking.h"
#include "async/task.h"
#include "storage/blob_uploads.h"

namespace berth {

/// Appends all of `source`. Reads files on `disk`. Throws Failure(storage) also if the file ends early, and what
/// append() throws.
Task<> copy_bytes(ByteSource source, BlobUpload& into, BlockingPool& disk);

}  // namespace berth
