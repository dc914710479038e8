// FilesystemBlobStore: blobs as files where Distribution puts them.
#pragma once

#include "storage/blob_store.h"
#include "storage/filesystem/volume.h"

namespace berth {

class FilesystemBlobStore final : public BlobStore {
 public:
  explicit FilesystemBlobStore(Volume& volume) : volume_(volume) {}

  Task<std::optional<BlobInfo>> find(Digest digest) override;
  Task<std::optional<ByteSource>> open(Digest digest) override;
  Task<> put(Digest digest, SharedBytes bytes) override;
  Task<bool> delete_without_reference_check(Digest digest) override;
  Task<StorageSpace> space() override;
  /// Also fails if the path of the root leads elsewhere by now; a full disk is not ill.
  Task<> check_health() override;

 private:
  std::optional<BlobInfo> find_blocking(const Digest& digest);
  std::optional<FileRegion> open_blocking(const Digest& digest);
  void put_blocking(const Digest& digest, const SharedBytes& bytes);
  StorageSpace space_blocking();

  Volume& volume_;
};

}  // namespace berth
