// UploadReaper: removes uploads that nobody will finish, and the files that a crash left of uploads (data.md 2).
// Distribution's storage.maintenance.uploadpurging.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "async/key_lock.h"
#include "async/task.h"
#include "base/clock.h"
#include "metadata/metadata_store.h"
#include "observe/log.h"
#include "storage/blob_store.h"
#include "storage/blob_uploads.h"

namespace berth {

struct UploadReaperOptions {
  std::chrono::seconds age{168 * 3600};  ///< since the upload started
  bool is_dry_run = false;               ///< only log what would go
  /// A file without an upload goes when it has lain this long: its upload's row may be about to be committed.
  std::chrono::seconds orphan_age{3600};
  /// Asked before a blob's file goes; unset: it may. Otherwise its upload stays for another round.
  std::function<bool()> may_remove = {};
  std::size_t page_size = 200;
  std::chrono::milliseconds digest_lock_wait{10'000};
};

struct UploadReaperReport {
  std::size_t expired_uploads = 0;
  std::size_t orphaned_files = 0;
  std::size_t stale_temporaries = 0;
  std::size_t unfinished_blobs = 0;  ///< renamed into place by a closing request that never committed
  bool was_stopped = false;
};

/// Threading: one caller at a time.
/// Crash:     an upload's row goes before its file, so what is left is an orphaned file, found next time.
class UploadReaper {
 public:
  UploadReaper(BlobStore& blobs, BlobUploads& uploads, MetadataStore& metadata, KeyLock& digest_locks,
               KeyLock& upload_locks, const Clock& clock, Log& log, UploadReaperOptions options);

  /// `should_stop` is asked at each upload; unset: it is not stopped.
  Task<UploadReaperReport> run(std::function<bool()> should_stop = {});

 private:
  Task<> remove_expired(const std::function<bool()>& should_stop, UploadReaperReport& report);
  Task<> remove_upload(UploadRecord upload, UploadReaperReport& report);
  Task<> remove_unfinished_blob(Digest digest, UploadReaperReport& report);
  Task<> remove_orphans(const std::function<bool()>& should_stop, UploadReaperReport& report);

  BlobStore& blobs_;
  BlobUploads& uploads_;
  MetadataStore& metadata_;
  KeyLock& digest_locks_;
  KeyLock& upload_locks_;
  const Clock& clock_;
  Log& log_;
  const UploadReaperOptions options_;
};

}  // namespace berth
