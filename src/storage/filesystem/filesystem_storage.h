// FilesystemStorage: the storage interfaces over one root directory of a local disk.
#pragma once

#include "storage/filesystem/blob_files.h"
#include "storage/filesystem/blob_store.h"
#include "storage/filesystem/blob_uploads.h"
#include "storage/filesystem/identity_file.h"
#include "storage/filesystem/link_tree.h"
#include "storage/filesystem/volume.h"

namespace berth {

/// Threading: the parts may be used from any loop; their work runs on `disk`.
/// Lifetime:  outlives the uploads that were opened on it; `disk` and `entropy` outlive it.
class FilesystemStorage {
 public:
  /// Opens the root directory, or makes it (with its parents) if it is missing; touches nothing in it. Blocks.
  /// Throws Failure(storage) that names the directory.
  FilesystemStorage(FilesystemOptions options, BlockingPool& disk, Entropy& entropy)
      : volume_(std::move(options), disk, entropy),
        blobs_(volume_),
        files_(volume_),
        uploads_(volume_),
        identity_(volume_),
        links_(volume_) {}

  BlobStore& blobs() { return blobs_; }
  BlobFiles& files() { return files_; }
  BlobUploads& uploads() { return uploads_; }
  IdentityFile& identity() { return identity_; }
  LinkTree& links() { return links_; }

 private:
  Volume volume_;
  FilesystemBlobStore blobs_;
  FilesystemBlobFiles files_;
  FilesystemBlobUploads uploads_;
  FilesystemIdentityFile identity_;
  FilesystemLinkTree links_;
};

}  // namespace berth
