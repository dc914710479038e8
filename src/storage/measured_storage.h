// MeasuredStorage: a storage whose every call is timed into Distribution's
// registry_storage_action_seconds{driver,action}, with Distribution's names of the actions, so that its dashboards go
// on working.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "observe/metrics.h"
#include "storage/blob_store.h"
#include "storage/blob_uploads.h"

namespace berth {

/// The histograms, one an action. Threading: any thread.
struct StorageActions {
  StorageActions(Metrics& metrics, const std::string& driver);

  Histogram& stat;         ///< BlobStore::find
  Histogram& reader;       ///< BlobStore::open
  Histogram& put_content;  ///< BlobStore::put
  Histogram& remove;       ///< deletes of blobs and uploads
  Histogram& writer;       ///< BlobUploads::open
  Histogram& move;         ///< BlobUpload::publish
};

/// Lifetime: `inner` and `clock` outlive it.
class MeasuredBlobStore final : public BlobStore {
 public:
  MeasuredBlobStore(BlobStore& inner, StorageActions& actions, const Clock& clock)
      : inner_(inner), actions_(actions), clock_(clock) {}

  Task<std::optional<BlobInfo>> find(Digest digest) override;
  Task<std::optional<ByteSource>> open(Digest digest) override;
  Task<> put(Digest digest, SharedBytes bytes) override;
  Task<bool> delete_without_reference_check(Digest digest) override;
  Task<StorageSpace> space() override { return inner_.space(); }
  Task<> check_health() override { return inner_.check_health(); }

 private:
  BlobStore& inner_;
  StorageActions& actions_;
  const Clock& clock_;
};

/// Lifetime: outlives the uploads that were opened on it.
class MeasuredBlobUploads final : public BlobUploads {
 public:
  MeasuredBlobUploads(BlobUploads& inner, StorageActions& actions, const Clock& clock)
      : inner_(inner), actions_(actions), clock_(clock) {}

  Task<std::unique_ptr<BlobUpload>> open(UploadId id, UploadProgress progress) override;
  Task<bool> remove(UploadId id) override;
  Task<std::vector<UploadFile>> list(std::optional<UploadId> after, std::size_t limit) override {
    return inner_.list(std::move(after), limit);
  }
  Task<std::size_t> remove_stale_temporaries(WallTime older_than) override {
    return inner_.remove_stale_temporaries(older_than);
  }

 private:
  BlobUploads& inner_;
  StorageActions& actions_;
  const Clock& clock_;
};

}  // namespace berth
