// Uploads of the MemoryMetadataStore.
#include <utility>

#include "base/failure.h"
#include "metadata/memory/memory_metadata_store.h"

namespace berth {

Task<> MemoryMetadataStore::create_upload(UploadRecord upload) {
  const std::lock_guard lock(mutex_);
  expect_own_name(upload.repository, upload.last_active);
  const UploadId id = upload.id;
  if (!uploads_.emplace(id, std::move(upload)).second) {
    throw Failure(FailureKind::metadata, "upload " + id.text() + " exists");
  }
  co_return;
}

Task<std::optional<UploadRecord>> MemoryMetadataStore::find_upload(UploadId id) {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(id);
  if (found == uploads_.end()) co_return std::nullopt;
  co_return found->second;
}

Task<std::optional<UploadRecord>> MemoryMetadataStore::claim_upload(UploadId id, std::string owner, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(id);
  if (found == uploads_.end()) co_return std::nullopt;
  UploadRecord& upload = found->second;
  if (upload.owner != owner) {
    upload.owner = std::move(owner);
    ++upload.generation;
    upload.last_active = now;
  }
  co_return upload;
}

UploadRecord* MemoryMetadataStore::find_claimed_upload(const UploadId& id, std::uint64_t generation) {
  const auto found = uploads_.find(id);
  return found == uploads_.end() || found->second.generation != generation ? nullptr : &found->second;
}

Task<bool> MemoryMetadataStore::record_upload_progress(UploadId id, std::uint64_t generation, UploadProgress progress,
                                                       WallTime now) {
  const std::lock_guard lock(mutex_);
  UploadRecord* upload = find_claimed_upload(id, generation);
  if (!upload) co_return false;
  upload->progress = std::move(progress);
  upload->last_active = now;
  co_return true;
}

Task<bool> MemoryMetadataStore::record_upload_expectation(UploadId id, std::uint64_t generation, Digest expected,
                                                          UploadProgress progress, WallTime now) {
  const std::lock_guard lock(mutex_);
  UploadRecord* upload = find_claimed_upload(id, generation);
  if (!upload) co_return false;
  upload->progress = std::move(progress);
  upload->expected = expected;
  upload->last_active = now;
  co_return true;
}

Task<bool> MemoryMetadataStore::delete_upload(UploadId id) {
  const std::lock_guard lock(mutex_);
  co_return uploads_.erase(id) == 1;
}

Task<std::vector<UploadRecord>> MemoryMetadataStore::list_uploads(WallTime started_before,
                                                                  std::optional<UploadId> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<UploadRecord> uploads;
  auto next = after ? uploads_.upper_bound(*after) : uploads_.begin();
  for (; next != uploads_.end() && uploads.size() < limit; ++next) {
    if (next->second.started < started_before) uploads.push_back(next->second);
  }
  co_return uploads;
}

}  // namespace berth
