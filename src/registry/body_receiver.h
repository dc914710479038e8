// BodyReceiver: streams a body into an upload, reading the next buffer while the last one is hashed and written.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>

#include "async/byte_reader.h"
#include "async/task.h"
#include "base/result.h"
#include "registry/buffer_budget.h"
#include "registry/policy.h"
#include "registry/space_guard.h"
#include "storage/blob_uploads.h"

namespace berth {

struct BodyRequest {
  BlobUpload& upload;
  ByteReader& body;
  std::optional<std::uint64_t> expected_bytes;  ///< nothing: until the body ends
  /// Called when checkpoint_bytes have come since the last time, with what was appended synced. False stops receiving.
  std::function<Task<bool>(UploadProgress)> record_progress;
};

/// How receiving ended. What arrived before that is appended in any case.
struct BodyOutcome {
  std::uint64_t received_bytes = 0;
  std::optional<Error> refusal = {};        ///< storage_full (the reserve), upload_unknown (record_progress said no)
  std::exception_ptr interruption = {};     ///< the sender went away, or broke HTTP's framing
};

/// Threading: any loop.
class BodyReceiver {
 public:
  BodyReceiver(BufferBudget& buffers, SpaceGuard& space, const RegistryLimits& limits);

  /// Throws what appending throws (Failure(storage), Failure(storage_full)) and Failure(overloaded) if no memory is left
  /// for a buffer; an interruption is an outcome, because the caller has something to do then.
  Task<BodyOutcome> receive(BodyRequest request);

 private:
  BufferBudget& buffers_;
  SpaceGuard& space_;
  const RegistryLimits& limits_;
};

}  // namespace berth
