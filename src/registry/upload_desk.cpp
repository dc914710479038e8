#include "registry/upload_desk.h"

#include <utility>

namespace berth {

namespace {

std::unexpected<Error> unknown(const UploadId& id) {
  return refuse(ErrorCode::upload_unknown, "blob upload unknown to registry", {id.text()});
}

}  // namespace

UploadDesk::UploadDesk(Stores stores, KeyLock& upload_locks, const Clock& clock, std::string instance_id)
    : stores_(stores), upload_locks_(upload_locks), clock_(clock), instance_id_(std::move(instance_id)) {}

// The request may be older than a rename that took the upload along.
Task<bool> UploadDesk::belongs_to(RepositoryName home, RepositoryName asked) {
  if (home == asked) co_return true;
  co_return co_await stores_.metadata.renamed_to(std::move(asked), clock_.now()) == home;
}

Task<Result<UploadStatus>> UploadDesk::status(RepositoryName repository, UploadId id) {
  const std::optional<UploadRecord> record = co_await stores_.metadata.find_upload(id);
  if (!record || !co_await belongs_to(record->repository, repository)) co_return unknown(id);
  co_return UploadStatus{.id = id, .size_bytes = record->progress.durable_offset};
}

Task<Result<ClaimedUpload>> UploadDesk::claim(RepositoryName repository, UploadId id) {
  std::optional<KeyLock::Guard> guard = upload_locks_.try_acquire(id.text());
  // Read after the lock: the last writer's offset is in the row by then.
  std::optional<UploadRecord> record = co_await stores_.metadata.find_upload(id);
  if (!record || !co_await belongs_to(record->repository, repository)) co_return unknown(id);
  if (!guard) {
    co_return refuse(ErrorCode::upload_busy, "another request is writing this upload", {id.text()});
  }
  if (record->owner != instance_id_) {
    record = co_await stores_.metadata.claim_upload(id, instance_id_, clock_.now());
    if (!record) co_return unknown(id);
  }
  co_return ClaimedUpload{.guard = std::move(*guard), .record = std::move(*record)};
}

Task<Result<void>> UploadDesk::cancel(RepositoryName repository, UploadId id) {
  Result<ClaimedUpload> claimed = co_await claim(repository, id);
  if (!claimed) co_return std::unexpected(std::move(claimed.error()));
  if (claimed->record.expected) {
    // A closing request got as far as its rename, perhaps: then the row is all that leads to the file it left, and the
    // reaper needs it. If the upload's own file is still there, nothing was renamed.
    const bool had_bytes = co_await stores_.uploads.remove(id);
    if (had_bytes) co_await stores_.metadata.delete_upload(id);
    co_return Result<void>();
  }
  // The row first: a crash in between leaves a file without an upload, which the reaper removes.
  const bool was_there = co_await stores_.metadata.delete_upload(id);
  if (!was_there) co_return unknown(id);
  co_await stores_.uploads.remove(id);
  co_return Result<void>();
}

}  // namespace berth
