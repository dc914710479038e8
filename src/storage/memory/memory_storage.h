// MemoryStorage: the three storage interfaces over bytes in memory, for tests and for trying Berth out.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "storage/blob_files.h"
#include "storage/blob_store.h"
#include "storage/blob_uploads.h"
#include "storage/identity_file.h"

namespace berth {

struct MemoryStorageOptions {
  std::uint64_t capacity_bytes = std::uint64_t{1} << 30;  ///< blobs and uploads together; beyond it: storage_full
};

/// What would lie on a disk. Threading: any thread, under the mutex.
class MemoryVolume {
 public:
  struct File {
    std::string bytes;
    WallTime modified;
  };

  MemoryVolume(const MemoryStorageOptions& options, const Clock& clock) : options_(options), clock_(clock) {}

  std::uint64_t used_bytes_locked() const;
  /// Throws Failure(storage_full) if `more` bytes do not fit.
  void reserve_locked(std::uint64_t more) const;
  const MemoryStorageOptions& options() const { return options_; }
  const Clock& clock() const { return clock_; }

  mutable std::mutex mutex;
  // Guarded by mutex.
  std::map<Digest, SharedBytes> blobs;
  std::map<std::string, SharedBytes> quarantine;      // by path
  std::map<UploadId, std::shared_ptr<File>> uploads;  // shared with the open upload, as an open file is
  std::optional<std::string> identity;
  bool has_foreign_repositories = false;

 private:
  MemoryStorageOptions options_;
  const Clock& clock_;
};

class MemoryBlobStore final : public BlobStore {
 public:
  explicit MemoryBlobStore(MemoryVolume& volume) : volume_(volume) {}
  Task<std::optional<BlobInfo>> find(Digest digest) override;
  Task<std::optional<ByteSource>> open(Digest digest) override;
  Task<> put(Digest digest, SharedBytes bytes) override;
  Task<bool> delete_without_reference_check(Digest digest) override;
  Task<StorageSpace> space() override;
  Task<> check_health() override;

 private:
  MemoryVolume& volume_;
};

class MemoryBlobFiles final : public BlobFiles {
 public:
  explicit MemoryBlobFiles(MemoryVolume& volume) : volume_(volume) {}
  Task<StoredFilePage> list(FilePosition from, std::size_t limit) override;
  Task<std::vector<FileLook>> look_at(std::vector<Digest> digests, std::uint64_t read_up_to_bytes) override;
  Task<std::optional<std::string>> quarantine(Digest digest) override;

 private:
  MemoryVolume& volume_;
};

class MemoryBlobUploads final : public BlobUploads {
 public:
  explicit MemoryBlobUploads(MemoryVolume& volume) : volume_(volume) {}
  Task<std::unique_ptr<BlobUpload>> open(UploadId id, UploadProgress progress) override;
  Task<bool> remove(UploadId id) override;
  Task<std::vector<UploadFile>> list(std::optional<UploadId> after, std::size_t limit) override;
  Task<std::size_t> remove_stale_temporaries(WallTime older_than) override;

 private:
  MemoryVolume& volume_;
};

class MemoryIdentityFile final : public IdentityFile {
 public:
  explicit MemoryIdentityFile(MemoryVolume& volume) : volume_(volume) {}
  Task<std::optional<std::string>> read() override;
  Task<> create(std::string id) override;
  Task<bool> has_foreign_repositories() override;

 private:
  MemoryVolume& volume_;
};

/// Lifetime: outlives the uploads that were opened on it.
class MemoryStorage {
 public:
  explicit MemoryStorage(const Clock& clock, MemoryStorageOptions options = {})
      : volume_(options, clock), blobs_(volume_), files_(volume_), uploads_(volume_), identity_(volume_) {}

  BlobStore& blobs() { return blobs_; }
  BlobFiles& files() { return files_; }
  BlobUploads& uploads() { return uploads_; }
  IdentityFile& identity() { return identity_; }
  /// What lies there, for tests that damage or count it.
  MemoryVolume& volume() { return volume_; }

 private:
  MemoryVolume volume_;
  MemoryBlobStore blobs_;
  MemoryBlobFiles files_;
  MemoryBlobUploads uploads_;
  MemoryIdentityFile identity_;
};

}  // namespace berth
