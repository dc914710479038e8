#include "lifecycle/upload_reaper.h"

#include <gtest/gtest.h>

#include <string>

#include "metadata/memory/memory_metadata_store.h"
#include "storage/memory/memory_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

class UploadReaperTest : public testing::Test {
 protected:
  UploadRecord start_upload(const std::string& id, const std::string& bytes) {
    UploadRecord record{.id = UploadId::parse(id).value(),
                        .repository = RepositoryName::parse("app").value(),
                        .owner = "me",
                        .generation = 1,
                        .started = clock_.now(),
                        .last_active = clock_.now(),
                        .progress = {},
                        .expected = std::nullopt};
    run_task(metadata_.create_upload(record));
    write_file(record.id, bytes);
    return record;
  }

  void write_file(const UploadId& id, const std::string& bytes) {
    const auto upload = run_task(storage_.uploads().open(id, UploadProgress{}));
    run_task(upload->append(std::as_bytes(std::span(bytes))));
    run_task(upload->sync());
  }

  // What a closing request leaves that died between rename and commit.
  Digest publish_without_commit(const UploadRecord& record, const std::string& bytes) {
    const Digest digest = digest_of(HashAlgorithm::sha256, bytes);
    const auto upload = run_task(storage_.uploads().open(record.id, UploadProgress{}));
    run_task(upload->append(std::as_bytes(std::span(bytes))));
    EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest);
    EXPECT_TRUE(run_task(
        metadata_.record_upload_expectation(record.id, record.generation, digest, record.progress, clock_.now())));
    run_task(upload->publish(digest));
    return digest;
  }

  UploadReaperReport reap(bool is_dry_run = false, bool may_remove = true) {
    UploadReaperOptions options;
    options.is_dry_run = is_dry_run;
    options.may_remove = [may_remove] { return may_remove; };
    UploadReaper reaper(storage_.blobs(), storage_.uploads(), metadata_, digest_locks_, upload_locks_, clock_, *log_,
                        options);
    return run_task(reaper.run());
  }

  bool exists(const UploadId& id) { return run_task(metadata_.find_upload(id)).has_value(); }
  std::size_t file_count() { return run_task(storage_.uploads().list(std::nullopt, 100)).size(); }

  ManualClock clock_;
  MemoryStorage storage_{clock_};
  MemoryMetadataStore metadata_;
  KeyLock digest_locks_;
  KeyLock upload_locks_;
  std::unique_ptr<Log> log_ = make_silent_log();
};

TEST_F(UploadReaperTest, RemovesWhatIsTooOldAndKeepsTheRest) {
  const UploadRecord old_upload = start_upload("old", "abc");
  clock_.advance(168h);
  const UploadRecord young_upload = start_upload("young", "abc");
  clock_.advance(1s);
  EXPECT_EQ(reap().expired_uploads, 1U);
  EXPECT_FALSE(exists(old_upload.id));
  EXPECT_TRUE(exists(young_upload.id));
  EXPECT_EQ(file_count(), 1U);
}

TEST_F(UploadReaperTest, OnlyLogsInADryRun) {
  const UploadRecord upload = start_upload("old", "abc");
  clock_.advance(169h);
  EXPECT_EQ(reap(true).expired_uploads, 1U);
  EXPECT_TRUE(exists(upload.id));
  EXPECT_EQ(file_count(), 1U);
}

TEST_F(UploadReaperTest, KeepsAnOldUploadThatARequestIsWriting) {
  const UploadRecord upload = start_upload("old", "abc");
  clock_.advance(169h);
  {
    const auto claim = upload_locks_.try_acquire(upload.id.text());
    EXPECT_EQ(reap().expired_uploads, 0U);
    EXPECT_TRUE(exists(upload.id));
  }
  EXPECT_EQ(reap().expired_uploads, 1U);
}

TEST_F(UploadReaperTest, RemovesFilesWithoutAnUploadAfterAWhile) {
  write_file(UploadId::parse("orphan").value(), "abc");
  EXPECT_EQ(reap().orphaned_files, 0U);
  clock_.advance(2h);
  EXPECT_EQ(reap().orphaned_files, 1U);
  EXPECT_EQ(file_count(), 0U);
}

TEST_F(UploadReaperTest, RemovesABlobThatAClosingRequestNeverCommitted) {
  const UploadRecord record = start_upload("cut", "");
  const Digest digest = publish_without_commit(record, "never committed");
  clock_.advance(169h);
  EXPECT_EQ(reap().unfinished_blobs, 1U);
  EXPECT_FALSE(run_task(storage_.blobs().find(digest)));
}

TEST_F(UploadReaperTest, KeepsABlobThatMayBeSomebodysWhileRemovalIsHeld) {
  const UploadRecord upload = start_upload("u", "");
  const Digest digest = publish_without_commit(upload, "bytes");
  clock_.advance(169h);
  EXPECT_EQ(reap(false, false).unfinished_blobs, 0U);
  EXPECT_TRUE(run_task(storage_.blobs().find(digest)));
  EXPECT_TRUE(exists(upload.id)) << "it leads to the file later";
  EXPECT_EQ(reap().unfinished_blobs, 1U);
}

TEST_F(UploadReaperTest, KeepsABlobThatSomebodyElseCommitted) {
  const UploadRecord record = start_upload("cut", "");
  const Digest digest = publish_without_commit(record, "pushed twice");
  run_task(metadata_.commit_blob({.repository = record.repository,
                                  .digest = digest,
                                  .size_bytes = 12,
                                  .upload = std::nullopt,
                                  .now = clock_.now(),
                                  .promised_until = clock_.now() + 24h,
                                  .review_due = clock_.now() + 24h}));
  clock_.advance(169h);
  EXPECT_EQ(reap().unfinished_blobs, 0U);
  EXPECT_TRUE(run_task(storage_.blobs().find(digest)));
}

}  // namespace
}  // namespace berth
