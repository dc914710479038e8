// Whether a blob's file has the bytes that its digest says.
#pragma once

#include <cstdint>

#include "async/run_blocking.h"
#include "async/task.h"
#include "content/digest.h"
#include "storage/blob_store.h"

namespace berth {

/// False if there is no file, or it has other bytes. Reads and hashes on `disk`, a piece at a time.
Task<bool> has_its_bytes(BlobStore& blobs, BlockingPool& disk, Digest digest);

}  // namespace berth
