// FilesystemBlobUploads: the upload files under berth/uploads, and the temporaries under berth/tmp.
#pragma once

#include "storage/blob_uploads.h"
#include "storage/filesystem/blob_upload.h"
#include "storage/filesystem/volume.h"

namespace berth {

class FilesystemBlobUploads final : public BlobUploads {
 public:
  explicit FilesystemBlobUploads(Volume& volume) : volume_(volume) {}

  Task<std::unique_ptr<BlobUpload>> open(UploadId id, UploadProgress progress) override;
  Task<bool> remove(UploadId id) override;
  Task<std::vector<UploadFile>> list(std::optional<UploadId> after, std::size_t limit) override;
  Task<std::size_t> remove_stale_temporaries(WallTime older_than) override;

 private:
  bool remove_blocking(const UploadId& id);
  std::vector<UploadFile> list_blocking(const std::optional<UploadId>& after, std::size_t limit);

  Volume& volume_;
};

}  // namespace berth
