#include "lifecycle/upload_reaper.h"

#include <optional>
#include <utility>

namespace berth {

UploadReaper::UploadReaper(BlobStore& blobs, BlobUploads& uploads, MetadataStore& metadata, KeyLock& digest_locks,
                           KeyLock& upload_locks, const Clock& clock, Log& log, UploadReaperOptions options)
    : blobs_(blobs),
      uploads_(uploads),
      metadata_(metadata),
      digest_locks_(digest_locks),
      upload_locks_(upload_locks),
      clock_(clock),
      log_(log),
      options_(std::move(options)) {}

Task<UploadReaperReport> UploadReaper::run(std::function<bool()> should_stop) {
  UploadReaperReport report;
  co_await remove_expired(should_stop, report);
  co_await remove_orphans(should_stop, report);
  if (!options_.is_dry_run && !report.was_stopped) {
    report.stale_temporaries = co_await uploads_.remove_stale_temporaries(clock_.now() - options_.orphan_age);
  }
  log_.info("upload purge finished", {{"dry_run", options_.is_dry_run},
                                      {"expired_uploads", std::uint64_t{report.expired_uploads}},
                                      {"orphaned_files", std::uint64_t{report.orphaned_files}},
                                      {"stale_temporaries", std::uint64_t{report.stale_temporaries}},
                                      {"unfinished_blobs", std::uint64_t{report.unfinished_blobs}}});
  co_return report;
}

Task<> UploadReaper::remove_expired(const std::function<bool()>& should_stop, UploadReaperReport& report) {
  const WallTime started_before = clock_.now() - options_.age;
  std::optional<UploadId> after;
  for (;;) {
    std::vector<UploadRecord> page = co_await metadata_.list_uploads(started_before, after, options_.page_size);
    if (page.empty()) co_return;
    after = page.back().id;
    for (UploadRecord& upload : page) {
      report.was_stopped = report.was_stopped || (should_stop && should_stop());
      if (report.was_stopped) co_return;
      co_await remove_upload(std::move(upload), report);
    }
  }
}

Task<> UploadReaper::remove_upload(UploadRecord upload, UploadReaperReport& report) {
  log_.info("upload expired", {{"upload", upload.id.text()},
                               {"repository", upload.repository.text()},
                               {"bytes", upload.progress.durable_offset},
                               {"dry_run", options_.is_dry_run}});
  ++report.expired_uploads;
  if (options_.is_dry_run) co_return;
  // A request that is writing it keeps it: old, but alive.
  const std::optional<KeyLock::Guard> claim = upload_locks_.try_acquire(upload.id.text());
  if (!claim) {
    --report.expired_uploads;
    co_return;
  }
  // Before the row, which alone leads to what its closing request may have left.
  if (upload.expected) {
    if (options_.may_remove && !options_.may_remove()) co_return;
    co_await remove_unfinished_blob(*upload.expected, report);
  }
  co_await metadata_.delete_upload(upload.id);
  co_await uploads_.remove(upload.id);
}

// The closing request may have renamed the bytes into place and died before its commit. A blob that has any record is
// the collector's; one that has none belongs to nobody, as long as nobody commits it while we hold its lock.
Task<> UploadReaper::remove_unfinished_blob(Digest digest, UploadReaperReport& report) {
  const KeyLock::Guard guard = co_await digest_locks_.acquire(digest.to_string(), options_.digest_lock_wait);
  const std::optional<BlobState> state = co_await metadata_.blob_state(digest);
  if (state) co_return;
  const bool removed = co_await blobs_.delete_without_reference_check(digest);
  if (removed) ++report.unfinished_blobs;
}

Task<> UploadReaper::remove_orphans(const std::function<bool()>& should_stop, UploadReaperReport& report) {
  const WallTime modified_before = clock_.now() - options_.orphan_age;
  std::optional<UploadId> after;
  for (;;) {
    const std::vector<UploadFile> page = co_await uploads_.list(after, options_.page_size);
    if (page.empty()) co_return;
    after = page.back().id;
    for (const UploadFile& file : page) {
      report.was_stopped = report.was_stopped || (should_stop && should_stop());
      if (report.was_stopped) co_return;
      if (file.modified >= modified_before) continue;
      const std::optional<UploadRecord> upload = co_await metadata_.find_upload(file.id);
      if (upload) continue;
      ++report.orphaned_files;
      if (options_.is_dry_run) continue;
      log_.info("upload file without an upload removed", {{"upload", file.id.text()}});
      co_await uploads_.remove(file.id);
    }
  }
}

}  // namespace berth
