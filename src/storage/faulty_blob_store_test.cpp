#include "tests/support/faulty_blob_store.h"

#include <gtest/gtest.h>

#include "storage/memory/memory_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/read_all.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
Digest digest(std::string_view text) {
  return digest_of(HashAlgorithm::sha256, text);
}
UploadId upload_id(const std::string& text) {
  return UploadId::parse(text).value();
}

template <class T>
std::optional<FailureKind> failure_of(Task<T> task) {
  try {
    run_task(std::move(task));
    return std::nullopt;
  } catch (const Failure& failure) {
    return failure.kind();
  }
}

struct FaultyStorage {
  ManualClock clock;
  MemoryStorage inner{clock};
  FaultyBlobStore blobs{inner.blobs(), 7};
  FaultyBlobUploads uploads{inner.uploads(), 8};
};

TEST(FaultyBlobStore, DoesWhatTheInnerOneDoesWithoutFaults) {
  FaultyStorage storage;
  run_task(storage.blobs.put(digest("a"), SharedBytes("a")));
  EXPECT_EQ(read_all(*run_task(storage.inner.blobs().open(digest("a")))), "a");
  EXPECT_EQ(storage.blobs.faults().failed_count(), 0U);
}

TEST(FaultyBlobStore, FailsOnDemandAndOnlySoOften) {
  FaultyStorage storage;
  storage.blobs.faults().fail_next(StorageCall::put_blob, FailureKind::storage_full, FaultMoment::before, 2);
  EXPECT_EQ(failure_of(storage.blobs.find(digest("a"))), std::nullopt);
  EXPECT_EQ(failure_of(storage.blobs.put(digest("a"), SharedBytes("a"))), FailureKind::storage_full);
  EXPECT_EQ(failure_of(storage.blobs.put(digest("a"), SharedBytes("a"))), FailureKind::storage_full);
  EXPECT_FALSE(run_task(storage.inner.blobs().find(digest("a"))).has_value());
  EXPECT_EQ(failure_of(storage.blobs.put(digest("a"), SharedBytes("a"))), std::nullopt);
  EXPECT_EQ(storage.blobs.faults().failed_count(), 2U);
}

TEST(FaultyBlobStore, CanFailThoughItWasDone) {
  FaultyStorage storage;
  storage.blobs.faults().fail_next(StorageCall::put_blob, FailureKind::storage, FaultMoment::after);
  EXPECT_EQ(failure_of(storage.blobs.put(digest("a"), SharedBytes("a"))), FailureKind::storage);
  EXPECT_TRUE(run_task(storage.inner.blobs().find(digest("a"))).has_value());
}

TEST(FaultyBlobStore, ShortensARead) {
  FaultyStorage storage;
  run_task(storage.blobs.put(digest("0123456789"), SharedBytes("0123456789")));
  storage.blobs.faults().shorten_next_read();
  EXPECT_LT(run_task(storage.blobs.open(digest("0123456789")))->size(), 10U);
  EXPECT_EQ(run_task(storage.blobs.open(digest("0123456789")))->size(), 10U);
}

TEST(FaultyBlobStore, RepeatsItselfWithTheSameSeed) {
  const auto outcomes = [](std::uint64_t seed) {
    ManualClock clock;
    MemoryStorage inner(clock);
    FaultyBlobStore blobs(inner.blobs(), seed);
    blobs.faults().set_chances({.failure = 0.5});
    std::string told;
    for (int call = 0; call < 64; ++call) told += failure_of(blobs.find(digest("a"))) ? 'x' : '.';
    return told;
  };
  EXPECT_EQ(outcomes(1), outcomes(1));
  EXPECT_NE(outcomes(1), outcomes(2));
  EXPECT_NE(outcomes(1).find('x'), std::string::npos);
  EXPECT_NE(outcomes(1).find('.'), std::string::npos);
}

TEST(FaultyBlobUploads, AFailedAppendChangesNothing) {
  FaultyStorage storage;
  const auto upload = run_task(storage.uploads.open(upload_id("u"), {}));
  run_task(upload->append(bytes_of("one")));
  storage.uploads.faults().fail_next(StorageCall::append, FailureKind::storage_full);
  EXPECT_EQ(failure_of(upload->append(bytes_of("two"))), FailureKind::storage_full);
  EXPECT_EQ(upload->size_bytes(), 3U);
  run_task(upload->append(bytes_of("two")));
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("onetwo"));
}

TEST(FaultyBlobUploads, AFailedSyncBreaksTheUpload) {
  FaultyStorage storage;
  const auto upload = run_task(storage.uploads.open(upload_id("u"), {}));
  storage.uploads.faults().fail_next(StorageCall::sync);
  EXPECT_EQ(failure_of(upload->sync()), FailureKind::storage);
  EXPECT_EQ(failure_of(upload->sync()), FailureKind::storage);
  EXPECT_EQ(failure_of(upload->append(bytes_of("x"))), FailureKind::storage);
  EXPECT_EQ(failure_of(upload->seal(HashAlgorithm::sha256)), FailureKind::storage);
  EXPECT_EQ(failure_of(upload->discard()), std::nullopt);
}

// A storm of faults: an upload either is published whole or is not there, whatever was told.
TEST(FaultyBlobUploads, PublishesNothingHalfWhateverFails) {
  FaultyStorage storage;
  storage.uploads.faults().set_chances({.failure = 0.1, .failure_after = 0.3, .short_write = 0.5, .delay = 0.3});
  std::size_t told_done = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string content = "content of round " + std::to_string(round);
    bool was_told_done = false;
    try {
      const auto upload = run_task(storage.uploads.open(upload_id("u" + std::to_string(round)), {}));
      run_task(upload->append(bytes_of(content)));
      run_task(upload->seal(HashAlgorithm::sha256));
      run_task(upload->publish(digest(content)));
      was_told_done = true;
    } catch (const Failure&) {
    }
    const std::optional<ByteSource> stored = run_task(storage.inner.blobs().open(digest(content)));
    if (was_told_done) ASSERT_TRUE(stored.has_value());
    if (stored) ASSERT_EQ(read_all(*stored), content);
    told_done += was_told_done ? 1 : 0;
  }
  EXPECT_GT(told_done, 50U);
  EXPECT_GT(storage.uploads.faults().failed_count(), 50U);
}

}  // namespace
}  // namespace berth
