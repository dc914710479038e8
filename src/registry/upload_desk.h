// UploadDesk: which upload a request is about, and whose turn it is to write it.
#pragma once

#include <cstdint>
#include <string>

#include "async/key_lock.h"
#include "base/result.h"
#include "registry/stores.h"

namespace berth {

/// What a client needs to go on with an upload.
struct UploadStatus {
  UploadId id;
  std::uint64_t size_bytes = 0;  ///< received and recorded
};

/// An upload that nobody else writes while this lives (data.md 2.1).
struct ClaimedUpload {
  KeyLock::Guard guard;
  UploadRecord record;
};

/// Threading: any loop.
class UploadDesk {
 public:
  /// `instance_id` names this process among those that share the metadata.
  UploadDesk(Stores stores, KeyLock& upload_locks, const Clock& clock, std::string instance_id);

  /// upload_unknown (also if it belongs to another repository).
  Task<Result<UploadStatus>> status(RepositoryName repository, UploadId id);

  /// upload_unknown, upload_busy while another request writes it.
  Task<Result<ClaimedUpload>> claim(RepositoryName repository, UploadId id);

  /// Ends it and removes its bytes. upload_unknown, upload_busy.
  Task<Result<void>> cancel(RepositoryName repository, UploadId id);

  const std::string& instance_id() const { return instance_id_; }

 private:
  Task<bool> belongs_to(RepositoryName home, RepositoryName asked);

  Stores stores_;
  KeyLock& upload_locks_;
  const Clock& clock_;
  const std::string instance_id_;
};

}  // namespace berth
