// FaultyBlobStore and FaultyBlobUploads: a storage that fails, shortens and delays, by chance from a seed or on demand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>

#include "base/failure.h"
#include "storage/blob_store.h"
#include "storage/blob_uploads.h"

namespace berth {

enum class StorageCall {
  find_blob,
  open_blob,
  put_blob,
  delete_blob,
  space,
  check_health,
  open_upload,
  append,
  sync,
  seal,
  publish,
  discard,
  other,  ///< remove, list, remove_stale_temporaries, expect_size
};

/// `after`: the call did its work and then says that it failed, as a connection that breaks before the answer.
enum class FaultMoment { before, after };

/// Chances from 0 (never) to 1 (each call).
struct FaultChances {
  double failure = 0;        ///< fails and has done nothing
  double failure_after = 0;  ///< put, publish, delete: fails though it was done
  double short_read = 0;     ///< open() of a blob gives fewer bytes than there are
  double short_write = 0;    ///< append() reaches the inner upload in several pieces
  double delay = 0;          ///< lets other tasks of the loop run first
  FailureKind kind = FailureKind::storage;
};

/// Threading: any thread.
class Faults {
 public:
  explicit Faults(std::uint64_t seed) : random_(seed) {}

  void set_chances(const FaultChances& chances);
  /// The next `count` such calls fail, whatever the chances are.
  void fail_next(StorageCall call, FailureKind kind = FailureKind::storage, FaultMoment moment = FaultMoment::before,
                 std::size_t count = 1);
  /// The next open() of a blob gives fewer bytes than there are.
  void shorten_next_read();
  /// How many calls were made to fail.
  std::size_t failed_count() const;

  /// What is to happen to one call.
  struct Fate {
    bool fails_before = false;
    bool fails_after = false;
    bool is_shortened = false;
    FailureKind kind = FailureKind::storage;
    int delay_rounds = 0;

    void throw_if_before() const;
    void throw_if_after() const;
  };
  Fate decide(StorageCall call);
  /// From 1 to `limit`.
  std::size_t pick(std::size_t limit);

 private:
  struct Demand {
    FailureKind kind;
    FaultMoment moment;
    std::size_t count;
  };
  bool happens_locked(double chance);

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  FaultChances chances_;
  std::map<StorageCall, Demand> demands_;
  bool shorten_next_read_ = false;
  std::size_t failed_count_ = 0;
};

/// Lifetime: `inner` outlives it.
class FaultyBlobStore final : public BlobStore {
 public:
  FaultyBlobStore(BlobStore& inner, std::uint64_t seed) : inner_(inner), faults_(seed) {}
  Faults& faults() { return faults_; }

  Task<std::optional<BlobInfo>> find(Digest digest) override;
  Task<std::optional<ByteSource>> open(Digest digest) override;
  Task<> put(Digest digest, SharedBytes bytes) override;
  Task<bool> delete_without_reference_check(Digest digest) override;
  Task<StorageSpace> space() override;
  Task<> check_health() override;

 private:
  BlobStore& inner_;
  Faults faults_;
};

/// A failed sync, seal or publish leaves the upload broken, as BlobUpload says.
///
/// Lifetime: `inner` outlives it, it outlives its uploads.
class FaultyBlobUploads final : public BlobUploads {
 public:
  FaultyBlobUploads(BlobUploads& inner, std::uint64_t seed) : inner_(inner), faults_(seed) {}
  Faults& faults() { return faults_; }

  Task<std::unique_ptr<BlobUpload>> open(UploadId id, UploadProgress progress) override;
  Task<bool> remove(UploadId id) override;
  Task<std::vector<UploadFile>> list(std::optional<UploadId> after, std::size_t limit) override;
  Task<std::size_t> remove_stale_temporaries(WallTime older_than) override;

 private:
  BlobUploads& inner_;
  Faults faults_;
};

}  // namespace berth
